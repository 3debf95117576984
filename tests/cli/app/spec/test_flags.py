"""What flags of `argosy app create` and `set` make of a spec."""

from __future__ import annotations

import argparse

import pytest

from argosy.cli.app.create import wanted_of
from argosy.cli.app.spec.flags import spec_with
from argosy.cli.app.spec.source_flags import image_key, source_with
from argosy.cli.app.spec.sources import position, without
from argosy.cli.commands import make_parser
from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject


def options(command: str, *arguments: str) -> argparse.Namespace:
    return make_parser().parse_args(["app", command, "shop", *arguments])


@pytest.mark.parametrize(
    ("flags", "before", "after"),
    [
        (["--path", "x"], {"path": "y"}, {"path": "x"}),
        (["--values", "a.yaml", "--values", "b.yaml"], {}, {"helm": {"valueFiles": ["a.yaml", "b.yaml"]}}),
        (
            ["--helm-set-string", "a=1"],
            {"helm": {"parameters": [{"name": "a", "value": "0"}, {"name": "b", "value": "2"}]}},
            {"helm": {"parameters": [{"name": "a", "value": "1", "forceString": True}, {"name": "b", "value": "2"}]}},
        ),
        (["--helm-skip-crds=false"], {"helm": {"skipCrds": True}}, {}),
        (
            ["--kustomize-image", "nginx=other:2"],
            {"kustomize": {"images": ["nginx:1", "redis:7"]}},
            {"kustomize": {"images": ["redis:7", "nginx=other:2"]}},
        ),
        (["--kustomize-replica", "web=3"], {}, {"kustomize": {"replicas": [{"name": "web", "count": 3}]}}),
        (
            ["--directory-recurse", "--jsonnet-tla-code", "n=1+1"],
            {},
            {"directory": {"recurse": True, "jsonnet": {"tlas": [{"name": "n", "value": "1+1", "code": True}]}}},
        ),
        (["-p", "a=1"], {}, {"helm": {"parameters": [{"name": "a", "value": "1"}]}}),
        (["--tag-prefix", "web/"], {}, {"tagPrefix": "web/"}),
        (
            ["--kustomize-label-include-templates", "--ignore-missing-components"],
            {},
            {"kustomize": {"labelIncludeTemplates": True, "ignoreMissingComponents": True}},
        ),
        (["--directory-disable-extension-filter"], {}, {"directory": {"disableExtensionFilter": True}}),
        (["--env", "prod"], {}, {}),
        (["--plugin-env", "A=b"], {}, {"plugin": {"env": [{"name": "A", "value": "b"}]}}),
    ],
)
def test_flags_change_what_they_name_of_a_source(flags: list[str], before: JsonObject, after: JsonObject) -> None:
    assert source_with(before, options("set", *flags)) == after


@pytest.mark.parametrize(
    ("flags", "before", "after"),
    [
        (["--sync-policy", "automated", "--self-heal"], {}, {"automated": {"selfHeal": True}}),
        (["--auto-prune=false"], {"automated": {"prune": True, "selfHeal": True}}, {"automated": {"selfHeal": True}}),
        (["--sync-policy", "none"], {"automated": {}, "syncOptions": ["A=b"]}, {"syncOptions": ["A=b"]}),
        (["--sync-option", "A=c"], {"syncOptions": ["A=b", "D=e"]}, {"syncOptions": ["D=e", "A=c"]}),
        (["--sync-option", "!A=b"], {"syncOptions": ["A=b"]}, None),
        (
            ["--sync-retry-limit", "3", "--sync-retry-backoff-factor", "2"],
            {},
            {"retry": {"limit": 3, "backoff": {"factor": 2}}},
        ),
        (["--sync-retry-limit", "0"], {"retry": {"limit": 3}}, None),
    ],
)
def test_flags_change_what_they_name_of_the_sync_policy(
    flags: list[str], before: JsonObject, after: JsonObject | None
) -> None:
    changed = spec_with({"destination": {}, "syncPolicy": before}, options("set", *flags))
    assert changed.get("syncPolicy") == after


def test_pruning_by_itself_needs_an_automated_policy() -> None:
    with pytest.raises(CommandError, match="need --sync-policy automated"):
        spec_with({}, options("set", "--auto-prune"))


def test_another_server_takes_the_place_of_a_cluster_name() -> None:
    changed = spec_with(
        {"destination": {"name": "prod", "namespace": "n"}}, options("set", "--dest-server", "https://x")
    )
    assert changed["destination"] == {"server": "https://x", "namespace": "n"}


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("nginx:1", "nginx"),
        ("r.io:5000/a/b:1", "r.io:5000/a/b"),
        ("a=b:2", "a"),
        ("a@sha256:ff", "a"),
        ("r:5000/a", "r:5000/a"),
    ],
)
def test_images_are_distinguished_by_the_name_that_they_replace(image: str, key: str) -> None:
    assert image_key(image) == key


def test_unsetting_a_field_removes_its_empty_block() -> None:
    source: JsonObject = {
        "path": "x",
        "helm": {"parameters": [{"name": "a", "value": "1"}], "values": "b: 2"},
        "kustomize": {"images": ["nginx:1"], "namePrefix": "p-"},
    }
    flags = ("-p", "a", "--values-literal", "--kustomize-image", "nginx")
    assert without(source, options("unset", *flags)) == {"path": "x", "kustomize": {"namePrefix": "p-"}}


def test_one_of_several_sources_is_named_by_place_or_name() -> None:
    sources = [{"path": "a"}, {"path": "b", "name": "second"}]
    assert position(sources, options("set", "--source-position", "2")) == 1
    assert position(sources, options("set", "--source-name", "second")) == 1
    with pytest.raises(CommandError, match="give --source-position or --source-name"):
        position(sources, options("set"))
    with pytest.raises(CommandError, match="must be from 1 to 2"):
        position(sources, options("set", "--source-position", "3"))


def test_applications_are_made_from_flags() -> None:
    flags = ("--repo", "https://g/x", "--path", "p", "--dest-namespace", "n", "-l", "a=b", "--set-finalizer")
    (made,) = wanted_of(options("create", *flags))
    assert made["spec"] == {
        "project": "default",
        "source": {"repoURL": "https://g/x", "path": "p"},
        "destination": {"namespace": "n", "server": "https://kubernetes.default.svc"},
    }
    assert made["metadata"]["labels"] == {"a": "b"}
    assert made["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]


@pytest.mark.parametrize(
    ("flags", "wrong"),
    [
        ((), "--repo is missing"),
        (("--repo", "u"), "give either --path"),
        (("--repo", "u", "--path", "p", "--helm-chart", "c"), "give either --path"),
        (("--repo", "u", "--path", "p", "--dest-server", "s", "--dest-name", "n"), "not both"),
        (("--repo", "u", "--path", "p", "--helm-set", "a"), "give NAME=VALUE"),
    ],
)
def test_flags_that_make_no_application_are_reported(flags: tuple[str, ...], wrong: str) -> None:
    with pytest.raises(CommandError, match=wrong):
        wanted_of(options("create", *flags))


HYDRATION = ("--dry-source-repo", "https://a", "--dry-source-path", "x", "--dry-source-revision", "HEAD")


def test_flags_of_hydration_make_an_application_without_a_source() -> None:
    sync = ("--sync-source-branch", "env/prod", "--sync-source-path", "y", "--hydrate-to-branch", "env/prod-next")
    (app,) = wanted_of(options("create", *HYDRATION, *sync, "--dest-namespace", "shop"))
    assert "source" not in app["spec"]
    assert app["spec"]["sourceHydrator"] == {
        "drySource": {"repoURL": "https://a", "path": "x", "targetRevision": "HEAD"},
        "syncSource": {"targetBranch": "env/prod", "path": "y"},
        "hydrateTo": {"targetBranch": "env/prod-next"},
    }


def test_an_empty_flag_of_hydration_takes_its_part_away() -> None:
    before = {"sourceHydrator": {"drySource": {"repoURL": "a"}, "hydrateTo": {"targetBranch": "b"}}}
    after = spec_with(before, options("set", "--hydrate-to-branch", ""))
    assert after["sourceHydrator"] == {"drySource": {"repoURL": "a"}}


def test_a_source_and_hydration_exclude_each_other() -> None:
    with pytest.raises(CommandError, match="either flags of a source"):
        wanted_of(options("create", *HYDRATION, "--repo", "https://a", "--path", "x"))
