"""Server-side diff (spec 4.2): the API server says what an apply would change, and is asked only about what changed."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.gitops.comparison.server_side_diff import server_side_of
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import COMPARE_OPTIONS
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.world import CONFIG_MAPS, SECRETS

WEB = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}], selector: {app: web}}\n"


def annotated(options: str | None, **spec: Any) -> JsonObject:
    made = application(**spec)
    if options is not None:
        made["metadata"]["annotations"] = {COMPARE_OPTIONS: options}
    return made


@pytest.mark.parametrize(
    ("options", "setting", "asked", "webhooks"),
    [
        (None, False, False, False),
        (None, True, True, False),
        ("ServerSideDiff=true", False, True, False),
        ("ServerSideDiff=false", True, False, False),
        ("ServerSideDiff=true,IncludeMutationWebhook=true", False, True, True),
        ("IncludeMutationWebhook=true", True, True, True),
        ("IncludeMutationWebhook=true", False, False, False),
        ("IgnoreExtraneous", False, False, False),
    ],
)
def test_the_application_s_annotation_weighs_more_than_the_setting(
    options: str | None, setting: bool, asked: bool, webhooks: bool
) -> None:
    found = server_side_of(annotated(options), Settings(server_side_diff=setting))
    assert (found is not None) is asked
    assert found is None or found.webhooks is webhooks


def synced(bench: Bench, **spec: Any) -> None:
    bench.create(annotated("ServerSideDiff=true", **spec))
    bench.world.run_until(bench.synced)


def change(bench: Bench, name: str, data: JsonObject) -> None:
    patch = bench.world.client.patch(
        CONFIG_MAPS, name, "default", {"data": data}, PatchType.MERGE, field_manager="somebody"
    )
    bench.world.run(patch)


def test_a_field_of_somebody_else_is_no_difference_and_one_of_ours_is(bench: Bench) -> None:
    options = ["ServerSideApply=true"]
    synced(bench, syncPolicy={"automated": {}, "syncOptions": options})
    change(bench, "a", {"extra": "theirs"})
    bench.refresh()
    assert bench.sync_status() == "Synced"
    change(bench, "a", {"value": "theirs"})
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    assert bench.entry("ConfigMap", "a")["status"] == "OutOfSync"
    assert bench.entry("ConfigMap", "b")["status"] == "Synced"
    [(key, why)] = bench.gitops.why(Key("argocd", "app")).items()
    assert key.name == "a"
    assert why == 'data.value: "theirs" in the cluster, "one" in the source'


def test_the_server_is_asked_only_about_what_changed(bench: Bench) -> None:
    synced(bench)
    comparer = bench.gitops.context.memory[Key("argocd", "app")].comparer
    before = comparer.computed
    bench.refresh()
    assert comparer.computed == before
    bench.git.push(REPO, {"conf/a.yaml": config("a", "new"), "conf/b.yaml": config("b", "two")})
    bench.refresh()
    bench.world.run_until(lambda: bench.value("a") == "new" and bench.synced())
    assert comparer.computed - before == 2  # `a` before its sync, and after it


def test_a_refused_dry_run_is_a_comparison_error_with_the_server_s_words(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/web.yaml": WEB})
    synced(bench)
    bench.git.push(REPO, {"conf/web.yaml": WEB.replace("80", "70000")})
    bench.refresh()
    text = bench.conditions()["ComparisonError"]
    assert text.startswith("Failed to compare desired state to live state: ")
    assert "error running server side apply in dryrun mode for resource Service/web" in text
    assert "must be between 1 and 65535" in text
    assert bench.sync_status() == "Unknown"


def test_what_git_says_of_a_secret_in_clear_text_is_compared_too(bench: Bench) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: one}\n"
    bench.git.push(REPO, {"conf/s.yaml": secret})
    synced(bench, syncPolicy={"automated": {}})
    patch = bench.world.client.patch(
        SECRETS, "s", "default", {"data": {"password": "dHdv"}}, PatchType.MERGE, field_manager="somebody"
    )
    bench.world.run(patch)
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    [why] = bench.gitops.why(Key("argocd", "app")).values()
    assert why.startswith('data.password: "++++')
