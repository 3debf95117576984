"""What the cache of renderings did, under the names of upstream's Redis, since dashboards draw the cache by those.

There is no Redis: a look at the cache is a `get`, a rendering that was kept a `set`; none fails. spec/metrics.md E1.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from typing import Final

from argosy.observe.metrics import REGISTRY, Registry, Sample
from argosy.render.cache import Counters

INITIATOR: Final = "argocd-repo-server"


def register_cache(counters: Callable[[], Counters], registry: Registry = REGISTRY) -> None:
    hostname = platform.node()

    def requests() -> Iterable[Sample]:
        found = counters()
        return [
            ((hostname, INITIATOR, "get", "false"), float(found.hits + found.misses)),
            ((hostname, INITIATOR, "set", "false"), float(found.renders)),
        ]

    def looks(number: Callable[[Counters], int]) -> Callable[[], Iterable[Sample]]:
        return lambda: [((), float(number(counters())))]

    names = ("hostname", "initiator", "command", "failed")
    registry.collected("argocd_redis_request_total", "Looks at the cache of renderings.", names, requests, "counter")
    hits = "argosy_render_cache_hits_total"
    registry.collected(hits, "Renderings that were found.", (), looks(lambda one: one.hits), "counter")
    misses = "argosy_render_cache_misses_total"
    registry.collected(misses, "Renderings that had to be made.", (), looks(lambda one: one.misses), "counter")
