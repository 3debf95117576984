"""What 1,000 generated Applications cost: work and writes are counted, not timed."""

from __future__ import annotations

from collections import Counter

import pytest

from argosy.gitops.applicationsets.controller import NAME
from argosy.gitops.applicationsets.set_status import RESOURCES_PAUSE
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from tests.kit.applicationsets import REPO, Bench, appset, listed

MANY = 1000
FILES = {f"envs/a{number:04}.yaml": f"{{name: a{number:04}, env: dev}}" for number in range(MANY)}
IN_FILES = {"git": {"repoURL": REPO, "revision": "HEAD", "files": [{"path": "envs/*"}]}}


@pytest.fixture
def writes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the controller wrote, by verb and kind."""
    counted: Counter[str] = Counter()
    real = bench.world.client.write

    async def write(request: Write) -> JsonObject:
        if request.manager == NAME:
            counted[f"{request.verb} {request.resource.kind}"] += 1
        return await real(request)

    monkeypatch.setattr(bench.world.client, "write", write)
    return counted


def verdicts(bench: Bench) -> int:
    remembered = bench.memories[Key("argocd", "fleet")]
    assert remembered is not None
    return remembered.generated.verdicts.count


def grown(bench: Bench, generator: JsonObject) -> None:
    bench.create(appset([generator]))
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == MANY)
    bench.world.pass_time(2 * RESOURCES_PAUSE + 1)


def test_an_unchanged_set_costs_no_write_and_no_verdict_however_often_it_is_polled(
    bench: Bench, writes: Counter[str]
) -> None:
    bench.git.push(REPO, FILES)
    grown(bench, IN_FILES)
    before, asked = verdicts(bench), bench.generators.count
    writes.clear()
    bench.world.pass_time(3600)
    assert bench.generators.count >= asked + 19
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


def test_a_changed_application_alone_is_assessed_and_the_set_reports_at_intervals(
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
