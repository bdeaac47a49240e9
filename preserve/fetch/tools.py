"""What the fetcher is handed: clock, gate, resolver, randomness, and what the environment says."""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import certifi

from preserve.errors import ConfigError
from preserve.fetch.gate import HostGate
from preserve.fetch.resolver import Resolver, SystemResolver
from preserve.settings import FetchSettings
from preserve.times import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class FetchTools:
    """The world as the fetcher sees it.

    Attributes:
        clock: for times and deadlines.
        gate: keeps exchanges with one host apart; shared by all fetchers of a run.
        resolver: turns host names into addresses.
        stop: once set, no exchange is begun and no wait goes on.
        random: for the jitter of waits.
        environment: proxies (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`).
        ca_file: file or directory of trusted certificates; "" trusts the system's and certifi's.
        seed: what makes the random paths of probes differ from run to run.
    """

    clock: Clock
    gate: HostGate
    resolver: Resolver
    stop: threading.Event
    random: random.Random = field(default_factory=random.Random)
    environment: Mapping[str, str] = field(default_factory=dict)
    ca_file: str = ""
    seed: str = ""


def system_tools(
    settings: FetchSettings, stop: threading.Event, environment: Mapping[str, str], seed: str = ""
) -> FetchTools:
    """The machine's own clock, resolver and randomness, with the proxies and certificates `environment`
    names.

    Args:
        settings: for the delay between exchanges.
        stop: set by whoever ends the run.
        environment: such as `os.environ`; also read for `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`,
            `SSL_CERT_FILE`.
        seed: see `FetchTools`.
    """
    clock = SystemClock()
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
    ca_file = next((environment[name] for name in names if environment.get(name)), "")
    gate = HostGate(settings.delay, clock, stop)
    return FetchTools(
        clock=clock,
        gate=gate,
        resolver=SystemResolver(),
        stop=stop,
        environment=environment,
        ca_file=ca_file,
        seed=seed,
    )


def tls_context(ca_file: str) -> ssl.SSLContext:
    """The one context that verifies every server: TLS 1.2 or later, host names checked.

    Raises:
        ConfigError: when the certificates can't be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca_file:
            _load(context, ca_file)
        else:
            context.load_default_certs()
            context.load_verify_locations(certifi.where())
    except (OSError, ssl.SSLError) as fault:
        raise ConfigError(f"the trusted certificates in {ca_file} can't be read: {fault}") from fault
    return context


def _load(context: ssl.SSLContext, place: str) -> None:
    try:
        context.load_verify_locations(cafile=place)
    except (IsADirectoryError, ssl.SSLError):
        context.load_verify_locations(capath=place)
