"""A sync of manifests that came with the request (spec 1.4 `manifests`)."""

from __future__ import annotations

import json
from typing import Any

from tests.kit.gitops import Bench, application, config


def prepared(bench: Bench, **spec: Any) -> None:
    bench.create(application(syncPolicy={}, **spec))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")


def test_the_request_s_manifests_are_applied_as_the_application_s_own_and_git_is_what_it_is_compared_with(
    bench: Bench,
) -> None:
    prepared(bench)
    given = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"value": "local"}}
    bench.sync(manifests=[json.dumps(given), config("b", "two")])
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    bench.world.pass_time(5)
    assert (bench.value("a"), bench.value("b")) == ("local", "two")
    assert bench.entry("ConfigMap", "a")["status"] == "OutOfSync"
    assert bench.entry("ConfigMap", "b")["status"] == "Synced"


def test_a_manifest_that_cannot_be_read_is_named_and_nothing_is_applied(bench: Bench) -> None:
    prepared(bench)
    bench.sync(manifests=[config("a", "local"), "kind: [broken"])
    bench.world.run_until(lambda: bench.phase() == "Error")
    assert "operation.sync.manifests[1]: " in bench.state()["message"]
    assert bench.value("a") is None


def test_manifests_of_nobody_knows_whom_are_refused_where_signatures_are_required(bench: Bench) -> None:
    bench.create_project("signed", signatureKeys=[{"keyID": "4AEE18F83AFDEB23"}])
    bench.create(application(project="signed", syncPolicy={}))
    bench.world.run_until(lambda: bool(bench.conditions()))
    bench.sync(manifests=[config("a", "local")])
    bench.world.run_until(lambda: bench.phase() == "Error")
    assert bench.state()["message"] == ("ComparisonError: Cannot use local manifests when signature keys are required")
    assert bench.value("a") is None
