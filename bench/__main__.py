"""Every benchmark, each in a process of its own, with what it has to reach printed above it.

Run: python -m bench [NAME ...], from the root of the repository.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PARTS = ("canary", "turns")
"""Of benchmarks, and none themselves."""
TARGETS = {
    "up": ("argosy up to ready: below 1.5 s", "resident memory when idle: below 150 MB"),
    "cluster": ("100,000 objects stored, LIST of 500: below 50 ms",),
    "cache_audit": ("10,000 Applications compared with the API server in 8 minutes: below 1 % of a core",),
    "http_front": (
        "1,500 durable single-object writes/s at 64 clients, p99 below 60 ms",
        "GET: 5,000/s",
        "an event reaches 50 watchers: within 20 ms at p99",
    ),
    "http2": ("own HTTP/2 for gRPC is cheaper than h2: else it is replaced by it",),
    "applications": (
        "first sync of 300 applications of 4 objects: 25 applications/s per core",
        "a commit that touches one: 1 rendering, live within 1 s of the refresh",
        "refresh of all, nothing changed: no rendering, no write, below 2 s",
        "drift in each repaired: within 5 s; memory at the end: below 400 MB",
        "the same in virtual time: below the real time",
    ),
    "applicationsets": ("1,000 generated applications, nothing changed: no write, below 1 % of a core",),
    "many_applications": (
        "1,000 applications of 10 objects: an unrelated commit makes no rendering, no comparison and no write",
        "steady state: no write in a minute, below 3 % of a core",
        "comparison of an unchanged object: not computed again",
    ),
    "live_resources": ("100,000 live resources: the whole process below 600 MB",),
    "confinement": ("a start in a box: below 20 ms of the processor more",),
    "render_cold": ("argosy render of a small kustomization, in a new process: below 250 ms",),
    "lists": ("a window on 10,000 applications with its counts: below 50 ms of the event loop",),
    "page": (
        "10,000 applications in a browser: first rows below 300 ms, a filter below 100 ms",
        "scrolling: no row blank for longer than 100 ms; no task of the main thread longer than 100 ms",
    ),
    "notifications": ("10,000 subscriptions evaluated for a change of one object: below 5 ms",),
    "metrics": ("a scrape of 10,000 applications: below 1 s, and no piece of it longer than 50 ms",),
    "server": (
        "10,000 Applications filtered by permissions: below 50 ms",
        "first page of a list: below 200 ms and 200 KB; all of them: below 2 s",
        "1,000 watches, 50 changes/s: p99 from write to client below 250 ms, each change seen by 50 or by all of them",
        "native gRPC: 2,000 calls/s on 2 cores",
        "500 tabs, 50 changes/s: p99 from write to tab below 300 ms",
        "2,000 webhooks: answered at p99 below 20 ms",
    ),
    "rehearse": (
        "an image through three Stages with a day of soak time: a few seconds of the processor",
        "each further Application of the configuration: below 150 ms of the processor",
    ),
    "sealing": (
        "4,000 SealedSecrets open within 30 s of a cold start; a new one waits for none of them",
        "one while others arrive: below 200 ms",
    ),
    "rollouts": (
        "a turn that changes nothing: below 1 ms of CPU",
        "a canary of 5 steps with pauses of 1 h, rehearsed: below 300 ms",
        "500 canaries at once: each step acted on within 1 s of its time",
        "10,000 idle Rollouts: no write in 48 h, below 1.2 GB, and no growth",
    ),
    "certs": (
        "10,000 Certificates of a CA issuer with ECDSA keys ready: below 3 min",
        "steady state: no write; memory below 500 MB",
    ),
    "promotion": (
        "57 Warehouses on one repository of 15,000 commits: one fetch, all discovered within 2 s of a webhook",
        "1,000 Stages steady: no write",
        "a registry of 10,000 tags: second pass below 5 requests",
        "a pipeline of three stages, rehearsed in virtual time: below 2 s",
        "500 Promotions at once: none waits for another's push longer than the push itself",
    ),
    "engine": ("a turn that reads four things and does nothing: below 100 us", "a change wakes one key of 10,000"),
    "expr": ("a comparison that is compiled: below 20 us", "a template with three expressions: below 200 us"),
    "hostile": (
        "40 hostile applications beside 300 good ones: a commit to a good one live within 2 s at p95",
        "drift healed within 5 s",
        "memory below 600 MB; no turn of the event loop above 50 ms",
    ),
    "large_application": (
        "3,000 objects in one application: below the 1.5 MiB that an API server stores",
        "its refresh, nothing changed: below 2 s; no turn of the event loop above 50 ms, with 10,000 objects neither",
    ),
}


def main(names: list[str]) -> int:
    here = Path(__file__).parent
    present = sorted(path.stem for path in here.glob("[a-z]*.py") if path.stem not in PARTS)
    if unknown := set(names) - set(present):
        print(f"no benchmark {', '.join(sorted(unknown))}: there are {', '.join(present)}", file=sys.stderr)
        return 1
    failed = 0
    for name in names or present:
        print(f"\n== {name}", flush=True)
        for target in TARGETS.get(name, ()):
            print(f"   to reach: {target}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=here.parent, check=False).returncode
    return failed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
