"""Asking sources over HTTP: the one place that speaks it.

Owns connections, politeness, redirects and robots.txt, and hands out `Capture` values that hold every byte.
What the bytes mean is for other rooms.
"""

from preserve.fetch.fetcher import Fetcher, HttpFetcher, Visit
from preserve.fetch.gate import HostGate
from preserve.fetch.resolver import NoSuchNameError, Resolver, ResolverError, SystemResolver
from preserve.fetch.tools import FetchTools, system_tools

__all__ = [
    "FetchTools",
    "Fetcher",
    "HostGate",
    "HttpFetcher",
    "NoSuchNameError",
    "Resolver",
    "ResolverError",
    "SystemResolver",
    "Visit",
    "system_tools",
]
