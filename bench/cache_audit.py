"""`python -m bench.cache_audit [COUNT]`: the cost of comparing caches with the API server, which runs in this process.

Processor time of one round without a difference, and of one with a hundredth of the objects missing. The server's share
counts, too: of another API server only the answers are read here.
"""

from __future__ import annotations

import sys
import time

from argosy.gitops.keys import APPLICATIONS
from argosy.machinery.objects import key_of
from argosy.runtime.caches.audit import ROUND, CacheAudit
from argosy.runtime.caches.informer_cache import InformerCache
from tests.kit.gitops import application, prepare
from tests.kit.world import World

GOAL = 0.01
"""Of a core."""


def main(count: int) -> int:
    with World() as world:
        prepare(world)
        for number in range(count):
            world.run(world.client.create(APPLICATIONS, application(f"app-{number:05}")))
        cache = world.caches.cache(APPLICATIONS)
        assert isinstance(cache, InformerCache)
        world.run(cache.wait_synced())
        audit = CacheAudit(world.client, lambda: [cache], world.clock)
        right = _seconds(world, audit, cache, found=0)
        wrong = cache.list()[::100]
        for obj in wrong:
            cache.correct(key_of(obj), None)
        repaired = _seconds(world, audit, cache, found=len(wrong))
    share = right / ROUND
    print(f"one round over {count:,} Applications: {right:.2f} s of the processor")
    print(f"  with {len(wrong):,} of them missing: {repaired:.2f} s, all repaired")
    print(f"  a round takes {ROUND:.0f} s: {share * 100:.2f} % of a core   < {GOAL * 100:.0f} %")
    return int(share > GOAL)


def _seconds(world: World, audit: CacheAudit, cache: InformerCache, found: int) -> float:
    began = time.process_time()
    assert world.run(audit.check(cache)) == found
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
