"""Work is proportional to what changed; and what becomes of a status that the API server does not take."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from argosy.gitops.keys import APPLICATIONS
from argosy.gitops.model.status_patch import is_too_large
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.runtime.clients.wrapping import WrappingClient
from tests.kit.gitops import REPO, Bench, application, config

COUNT = 20


class Narrow(WrappingClient):
    """An API server that takes no Application patch above `limit` bytes."""

    limit = 2000

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.refusals = 0

    async def write(self, request: Write) -> Any:
        if request.resource == APPLICATIONS and len(orjson.dumps(request.body)) > self.limit:
            self.refusals += 1
            raise StatusError(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
        return await super().write(request)


def many(bench: Bench, count: int, **more: str) -> None:
    files = {f"apps/{number}/a.yaml": config(f"a-{number}", "one") for number in range(count)}
    bench.git.push(REPO, {**files, **more})


def test_an_unrelated_commit_is_resolved_once_and_costs_no_render_no_comparison_and_no_write(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(bench, COUNT)
    for number in range(COUNT):
        source = {"repoURL": REPO, "path": f"apps/{number}", "targetRevision": "main"}
        bench.create(application(f"app-{number}", source=source))
    bench.world.run_until(lambda: all(bench.synced(f"app-{number}") for number in range(COUNT)))
    bench.world.pass_time(300)

    asked: Counter[float] = Counter()
    resolve = bench.git.resolve

    async def counted(*arguments: Any, max_age: float = 0.0, **more: Any) -> str:
        asked[max_age] += 1
        return await resolve(*arguments, max_age=max_age, **more)

    monkeypatch.setattr(bench.git, "resolve", counted)
    memories = list(bench.gitops.context.memory.values())
    before = (
        bench.cache.counters.renders,
        bench.gitops.status_writes,
        bench.world.cluster.store.revision,
        sum(memory.comparer.computed for memory in memories),
    )
    looks = bench.gitops.passes.count
    many(bench, COUNT, readme="nothing that any application reads")
    bench.world.run(bench.gitops.look_for_commits())
    assert asked[0.0] == 1, "one look at the repository, whoever uses it"
    bench.world.pass_time(1)
    assert bench.gitops.passes.count == looks + COUNT
    bench.world.pass_time(600)
    assert before == (
        bench.cache.counters.renders,
        bench.gitops.status_writes,
        bench.world.cluster.store.revision,
        sum(memory.comparer.computed for memory in memories),
    )
    assert bench.gitops.passes.count == looks + COUNT, "no commit, no look"


def test_of_a_status_that_is_too_large_only_the_reason_is_stored(bench: Bench) -> None:
    bench.kill()
    bench.client = narrow = Narrow(bench.world.client)
    bench.start()
    bench.git.push(REPO, {f"conf/{n}.yaml": config(f"a-{n}", "one") for n in range(40)})
    bench.create(application(syncPolicy=None))
    bench.world.run_until(lambda: "UnknownError" in bench.conditions())
    assert "too large" in bench.conditions()["UnknownError"]
    assert bench.status().keys() == {"conditions"}

    bench.world.pass_time(5)
    refusals = narrow.refusals
    bench.world.pass_time(30)
    assert narrow.refusals == refusals, "it is not tried for ever"

    bench.git.push(REPO, {"conf/a.yaml": config("a-1", "one")})
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    assert "UnknownError" not in bench.conditions()


def test_a_refresh_of_what_is_too_large_is_answered(bench: Bench) -> None:
    bench.kill()
    bench.client = Narrow(bench.world.client)
    bench.start()
    bench.git.push(REPO, {f"conf/{n}.yaml": config(f"a-{n}", "one") for n in range(40)})
    bench.create(application(syncPolicy=None))
    bench.world.run_until(lambda: "UnknownError" in bench.conditions())
    bench.refresh()


@pytest.mark.parametrize(
    ("code", "message", "large"),
    [
        (413, "Request entity too large: limit is 3145728", True),
        (500, "etcdserver: request is too large", True),
        (500, "rpc error: code = ResourceExhausted desc = trying to send message larger than max (3 vs. 2)", True),
        (500, "etcdserver: leader changed", False),
        (422, "metadata.annotations: Too long: may not be more than 262144 bytes", False),
    ],
)
def test_the_refusals_that_are_for_size(code: int, message: str, large: bool) -> None:
    assert is_too_large(code, message) is large
