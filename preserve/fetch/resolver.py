"""Names to addresses: the one place that asks the resolver.

Owns the protocol that tests implement and the machine's own resolver behind it. Whether an address may be
asked is `preserve.fetch.guard`'s to say.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Protocol


class ResolverError(Exception):
    """The resolver gave no usable answer, which may be different in a minute."""


class NoSuchNameError(ResolverError):
    """The resolver says that the name does not exist."""


class Resolver(Protocol):
    """What turns host names into addresses."""

    def resolve(self, host: str, port: int) -> Sequence[tuple[socket.AddressFamily, str]]:
        """The addresses of `host` in the order they should be tried.

        Raises:
            NoSuchNameError: the name does not exist.
            ResolverError: no usable answer.
        """
        ...


class SystemResolver:
    """The machine's resolver (getaddrinfo)."""

    def resolve(self, host: str, port: int) -> Sequence[tuple[socket.AddressFamily, str]]:
        """See `Resolver.resolve`."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as fault:
            # EAI_NODATA (the name is there, without an address) may be a half-made zone: no proof of absence.
            kind = NoSuchNameError if fault.errno == socket.EAI_NONAME else ResolverError
            raise kind(f"{host}: {fault.strerror}") from fault
        except (UnicodeError, OSError) as fault:
            raise ResolverError(f"{host}: {fault}") from fault
        pairs = [(family, str(address[0])) for family, _, _, _, address in found]
        return list(dict.fromkeys(pairs))


def name_is_absent(resolver: Resolver, control_names: Sequence[str]) -> bool:
    """Whether a name that was just not found can be believed absent: because a control name is found now.

    Without control names nothing is believed.
    """
    for name in control_names:
        try:
            if resolver.resolve(name, 443):
                return True
        except ResolverError:
            continue
    return False
