"""What 1,000 generated Applications cost: work and writes are counted, not timed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from argosy.gitops.applicationsets.status_writer import RESOURCES_PAUSE
from argosy.machinery.objects import JsonObject, Key
from kit.applicationsets import REPO, Bench, appset, listed

MANY = 1000
FILES = {f"envs/a{number:04}.yaml": f"{{name: a{number:04}, env: dev}}" for number in range(MANY)}
IN_FILES = {"git": {"repoURL": REPO, "revision": "HEAD", "files": [{"path": "envs/*"}]}}


@pytest.fixture
def writes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the controllers' client wrote, by kind."""
    counted: Counter[str] = Counter()

    def counting(name: str) -> None:
        real = getattr(bench.world.client, name)

        async def write(resource: Any, *given: Any, **more: Any) -> Any:
            counted[f"{name} {resource.kind}"] += 1
            return await real(resource, *given, **more)

        monkeypatch.setattr(bench.world.client, name, write)

    for name in ("create", "update", "patch", "delete", "apply"):
        counting(name)
    return counted


def verdicts(bench: Bench) -> int:
    return bench.sets.asking.remembered(Key("argocd", "fleet")).verdicts.count


def grown(bench: Bench, generator: JsonObject) -> None:
    bench.create(appset([generator]))
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == MANY)
    bench.world.pass_time(2 * RESOURCES_PAUSE + 1)


def test_an_unchanged_set_costs_no_write_and_no_verdict_however_often_it_is_polled(
    bench: Bench, writes: Counter[str]
) -> None:
    bench.git.push(REPO, FILES)
    grown(bench, IN_FILES)
    before, asked = verdicts(bench), bench.sets.asking.count
    writes.clear()
    bench.world.pass_time(3600)
    assert bench.sets.asking.count >= asked + 19
    assert writes == {}
    assert verdicts(bench) == before


def test_a_change_of_one_set_of_parameters_writes_one_application(bench: Bench, writes: Counter[str]) -> None:
    bench.git.push(REPO, FILES)
    grown(bench, IN_FILES)
    before = verdicts(bench)
    bench.git.push(REPO, {**FILES, "envs/a0007.yaml": "{name: a0007, env: prod}"})
    writes.clear()
    bench.world.pass_time(181)
    assert bench.app("a0007")["metadata"]["labels"] == {"env": "prod"}
    assert writes["patch Application"] == 1
    assert not {"update Application", "create Application", "delete Application"} & writes.keys()
    assert verdicts(bench) <= before + 2


def test_an_application_that_moves_has_itself_judged_and_the_set_tells_in_intervals(
    bench: Bench, writes: Counter[str]
) -> None:
    names = [f"a{number:04}" for number in range(MANY)]
    grown(bench, listed(*names))
    before = verdicts(bench)
    writes.clear()
    began = bench.world.clock.now()
    for name in names[:40]:
        bench.shows(name, "Progressing")
        bench.world.pass_time(0.1)
    bench.world.pass_time(2 * RESOURCES_PAUSE)
    seconds = (bench.world.clock.now() - began).total_seconds()
    assert verdicts(bench) == before + 40
    assert 1 < writes["patch ApplicationSet"] <= seconds / RESOURCES_PAUSE + 1
    told = {item["name"]: item["health"]["status"] for item in bench.status()["resources"] if "health" in item}
    assert told == dict.fromkeys(names[:40], "Progressing")
