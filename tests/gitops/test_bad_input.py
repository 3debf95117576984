"""Bad input: each kind gives the condition and the words that upstream's users search for, the other applications go
on, memory stays bounded, and everything recovers once it is fixed - without a restart."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.gitops.keys import PROJECTS
from argosy.machinery.objects import JsonObject, Resource
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import AccessDenied, NotFound, SourceError, Unavailable
from tests.kit.gitops import CRDS, NAMESPACES, Bench, Repository, application, config, opened
from tests.kit.world import CONFIG_MAPS, World

BAD = "https://git.example/bad.git"
FAILURE = (
    "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = "
)
WIDGETS = Resource("example.org", "v1", "widgets", "Widget")
GOOD = {"conf/x.yaml": config("x", "good")}


def bad_application(**spec: Any) -> JsonObject:
    return application("bad", **{"source": {"repoURL": BAD, "path": "conf", "targetRevision": "main"}, **spec})


def error(bench: Bench) -> str:
    return bench.conditions("bad").get("ComparisonError", "")


def go_wrong(bench: Bench, app: JsonObject, words: str) -> None:
    """It fails with these words; the other application is synced and healed all the same."""
    bench.create(app)
    bench.create(application())
    bench.world.run_until(lambda: words in error(bench) and bench.synced())
    assert error(bench).startswith(FAILURE)
    assert (bench.sync_status("bad"), bench.health("bad")) == ("Unknown", "Healthy"), (
        "nothing of it lives, so nothing is ill"
    )
    bench.patch("a", {"data": {"value": "drift"}}, CONFIG_MAPS, "default")
    bench.world.run_until(lambda: bench.value("a") == "one")


def heals(bench: Bench) -> None:
    bench.world.run_until(lambda: bench.synced("bad") and not bench.conditions("bad"))
    assert bench.value("x") == "good"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (NotFound("failed to list refs: repository not found: https://git.example/bad.git"), "repository not found"),
        (
            AccessDenied("failed to list refs: ssh: handshake failed: ssh: unable to authenticate: git@git.example"),
            "ssh: handshake failed: ssh: unable to authenticate",
        ),
        (
            AccessDenied("failed to list refs: ssh: handshake failed: knownhosts: key is unknown: git@git.example"),
            "knownhosts: key is unknown",
        ),
        (
            AccessDenied("failed to list refs: ssh: handshake failed: knownhosts: key mismatch: git@git.example"),
            "knownhosts: key mismatch",
        ),
        (AccessDenied("failed to list refs: authentication required: https://git.example"), "authentication required"),
    ],
)
def test_a_repository_that_cannot_be_read_says_why_and_heals_when_it_can(
    bench: Bench, failure: SourceError, words: str
) -> None:
    bench.git.push(BAD, GOOD)
    bench.git.fail(BAD, failure)
    go_wrong(bench, bad_application(), words)
    bench.git.fail(BAD, None)
    heals(bench)


def test_a_repository_that_becomes_unreachable_later_changes_nothing_live(bench: Bench) -> None:
    bench.git.push(BAD, GOOD)
    bench.create(bad_application())
    bench.world.run_until(lambda: bench.synced("bad"))
    bench.git.fail(BAD, NotFound("failed to list refs: repository not found"))
    bench.refresh("bad")
    assert "repository not found" in error(bench)
    assert bench.entry("ConfigMap", "x", "bad")["status"] == "Unknown"
    bench.world.pass_time(3600)
    assert bench.value("x") == "good"
    bench.git.fail(BAD, None)
    heals(bench)


def test_a_revision_that_does_not_exist_says_so_until_it_does(bench: Bench) -> None:
    bench.git.push(BAD, GOOD)
    source = {"repoURL": BAD, "path": "conf", "targetRevision": "nope"}
    go_wrong(bench, bad_application(source=source), "unable to resolve 'nope' to a commit SHA")
    bench.git.push(BAD, GOOD, branch="nope")
    heals(bench)


CHART = {
    "conf/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "conf/templates/x.yaml": config("x", '{{ required "a value is needed" .Values.value }}'),
}
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"other/x.yaml": "a: b"}, "conf: app path does not exist"),
        ({"conf/kustomization.yaml": "resources: [absent.yaml]\n"}, "absent.yaml"),
        ({"conf/kustomization.yaml": "resources: {no: list}\n"}, "resources"),
        (CHART, "a value is needed"),
        ({"conf/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n"}, "x.yaml"),
        ({"conf/x.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n{BOMB}"}, "x.yaml"),
    ],
)
def test_sources_that_give_no_manifests_name_the_file_and_heal_with_a_commit(
    bench: Bench, files: dict[str, str], words: str
) -> None:
    bench.git.push(BAD, files)
    go_wrong(bench, bad_application(), words)
    bench.git.push(BAD, GOOD)
    heals(bench)


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_twenty_megabytes_of_yaml_are_refused_within_bounded_memory(bench: Bench) -> None:
    line = config("big", "x" * 1000) + "---\n"
    bench.git.push(BAD, {"conf/x.yaml": line * (20_000_000 // len(line))})
    before = resident_mb()
    go_wrong(bench, bad_application(), "larger than the limit of")
    for _ in range(3):
        bench.refresh("bad", "hard")
    assert resident_mb() - before < 100
    bench.git.push(BAD, GOOD)
    heals(bench)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Bench, Repository]]:
    """The same, with the git program and repositories on disk."""

    good, bad = Repository(tmp_path / "good"), Repository(tmp_path / "bad")
    good.commit({"conf/a.yaml": config("a", "one")})
    with opened(make_git(tmp_path)) as bench:
        bench.create(application(source={"repoURL": good.url, "path": "conf", "targetRevision": "main"}))
        bench.world.run_until(bench.synced)
        yield bench, bad


def make_git(tmp_path: Path) -> Callable[[World], GitMirrors]:
    return lambda world: GitMirrors(tmp_path / "mirrors", world.clock, GitSettings(allow_local=True))


def of(repository: Repository) -> JsonObject:
    return application("bad", source={"repoURL": repository.url, "path": "conf", "targetRevision": "main"})


def test_a_symlink_out_of_a_real_repository_is_refused_and_heals(real: tuple[Bench, Repository]) -> None:
    bench, bad = real
    bad.commit(GOOD, {"conf/out.yaml": "../../../../etc/passwd"})
    bench.create(of(bad))
    bench.world.run_until(lambda: "repository contains out-of-bounds symlinks. file: conf/out.yaml" in error(bench))
    assert "root:" not in error(bench)
    assert bench.synced()
    bad.commit(GOOD)
    heals(bench)


def test_a_real_repository_that_is_gone_says_so_and_heals_when_it_is_there(real: tuple[Bench, Repository]) -> None:
    bench, bad = real
    bad.commit(GOOD)
    elsewhere = bad.path.rename(bad.path.with_name("moved"))
    bench.create(of(bad))
    bench.world.run_until(lambda: "repository not found" in error(bench))
    elsewhere.rename(bad.path)
    heals(bench)


def widget_definition() -> JsonObject:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    spec = {"group": "example.org", "scope": "Namespaced", "names": names, "versions": [version]}
    metadata = {"name": "widgets.example.org"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def test_a_kind_without_definition_fails_its_sync_and_is_synced_once_it_is_installed(bench: Bench) -> None:
    bench.git.push(BAD, {"conf/w.yaml": "apiVersion: example.org/v1\nkind: Widget\nmetadata:\n  name: w\n"})
    bench.create(bad_application())
    bench.create(application())
    text = 'Make sure the "Widget" CRD is installed on the destination cluster.'
    bench.world.run_until(lambda: text in str(bench.state("bad").get("message")) and bench.synced())
    message = str(bench.state("bad")["message"])
    assert message.startswith("one or more synchronization tasks are not valid: ")
    assert "Retrying attempt #1" in message
    bench.create(widget_definition(), CRDS)
    bench.world.run_until(lambda: bench.synced("bad") and bench.phase("bad") == "Succeeded")
    assert bench.get(WIDGETS, "w") is not None


def test_a_definition_and_its_first_object_are_synced_in_one_attempt(bench: Bench) -> None:
    widget = "apiVersion: example.org/v1\nkind: Widget\nmetadata:\n  name: w\n"
    bench.git.push(BAD, {"conf/w.yaml": widget, "conf/crd.json": json.dumps(widget_definition())})
    bench.create(bad_application())
    bench.world.run_until(lambda: bench.synced("bad") and bench.phase("bad") == "Succeeded")
    assert not bench.state("bad").get("retryCount")
    assert bench.get(WIDGETS, "w") is not None


def test_a_terminating_namespace_is_named_and_synced_into_when_it_is_new(bench: Bench) -> None:
    bench.git.push(BAD, GOOD)
    metadata = {"name": "going", "namespace": "", "finalizers": []}
    bench.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, NAMESPACES)
    held = {"name": "held", "namespace": "going", "finalizers": ["example.org/hold"]}
    bench.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}, CONFIG_MAPS)
    bench.delete("going", NAMESPACES, "")
    destination = {"name": "in-cluster", "namespace": "going"}
    policy = {"automated": {}, "syncOptions": ["CreateNamespace=true"]}
    bench.create(bad_application(destination=destination, syncPolicy=policy))
    bench.create(application())
    bench.world.run_until(
        lambda: "because it is being terminated" in str(bench.state("bad").get("message")) and bench.synced()
    )
    assert "unable to create new content in namespace going" in bench.state("bad")["message"]
    bench.patch("held", {"metadata": {"finalizers": None}}, CONFIG_MAPS, "going")
    bench.world.run_until(lambda: bench.synced("bad") and bench.value("x", "going") == "good")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            {"destinations": [{"server": "*", "namespace": "elsewhere"}]},
            "namespace 'default' do not match any of the allowed destinations in project 'narrow'",
        ),
        (
            {"sourceRepos": ["https://elsewhere.example/*"]},
            f"application repo {BAD} is not permitted in project 'narrow'",
        ),
    ],
)
def test_a_project_that_forbids_the_place_or_the_source_says_so_until_it_permits(
    bench: Bench, spec: JsonObject, words: str
) -> None:
    bench.git.push(BAD, GOOD)
    bench.create_project("narrow", **spec)
    bench.create(bad_application(project="narrow"))
    bench.create(application())
    bench.world.run_until(lambda: "InvalidSpecError" in bench.conditions("bad") and bench.synced())
    assert words in bench.conditions("bad")["InvalidSpecError"]
    assert bench.value("x") is None
    wide = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    bench.patch("narrow", {"spec": wide}, PROJECTS)
    heals(bench)


def test_a_project_that_forbids_the_kind_fails_the_sync_and_names_it(bench: Bench) -> None:
    bench.git.push(BAD, GOOD)
    bench.create_project("narrow", namespaceResourceBlacklist=[{"group": "", "kind": "ConfigMap"}])
    bench.create(bad_application(project="narrow"))
    bench.create(application())
    words = "resource :ConfigMap is not permitted in project narrow"
    bench.world.run_until(lambda: words in str(bench.state("bad").get("message")) and bench.synced())
    assert bench.entry("ConfigMap", "x", "bad")["status"] == "Unknown"
    assert bench.value("x") is None
    bench.patch("narrow", {"spec": {"namespaceResourceBlacklist": None}}, PROJECTS)
    heals(bench)


def test_an_unknown_project_is_named_until_it_is_there(bench: Bench) -> None:
    bench.git.push(BAD, GOOD)
    bench.create(bad_application(project="later"))
    words = "Application referencing project later which does not exist"
    bench.world.run_until(lambda: bench.conditions("bad").get("InvalidSpecError") == words)
    bench.create_project("later")
    heals(bench)


def test_a_source_out_of_reach_is_no_news_for_three_minutes_unless_somebody_asks(bench: Bench) -> None:
    bench.git.push(BAD, GOOD)
    bench.create(bad_application())
    bench.world.run_until(lambda: bench.synced("bad"))
    bench.git.fail(BAD, Unavailable("failed to list refs: https://git.example: could not connect"))
    bench.world.pass_time(185)  # one poll at least
    assert bench.synced("bad")
    bench.world.pass_time(365)
    assert "could not connect" in error(bench)
    bench.git.fail(BAD, None)
    heals(bench)
    bench.git.fail(BAD, Unavailable("failed to list refs: https://git.example: could not connect"))
    bench.refresh("bad")
    assert "could not connect" in error(bench)
