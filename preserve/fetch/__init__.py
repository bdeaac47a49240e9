"""Asking sources over HTTP: the one place that speaks it.

Owns connections, politeness, redirects and robots.txt, and hands out `Capture` values that hold every byte.
What the bytes mean is for other rooms.
"""

from preserve.fetch.fetcher import Fetcher, HttpFetcher, Journey, Visit
from preserve.fetch.gate import HostGate
from preserve.fetch.resolver import NoSuchNameError, Resolver, ResolverError, SystemResolver
from preserve.fetch.services import HttpServices, Reply, Services
from preserve.fetch.tools import FetchTools, system_tools
from preserve.fetch.validators import Validators, validators_of

__all__ = [
    "FetchTools",
    "Fetcher",
    "HostGate",
    "HttpFetcher",
    "HttpServices",
    "Journey",
    "NoSuchNameError",
    "Reply",
    "Resolver",
    "ResolverError",
    "Services",
    "SystemResolver",
    "Validators",
    "Visit",
    "system_tools",
    "validators_of",
]
