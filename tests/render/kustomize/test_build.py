"""Our Kustomize and the one inside kubectl build the same manifests; what it refuses, ours refuses by name."""

from __future__ import annotations

import posixpath
import runpy
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from argosy.machinery.text import yaml
from argosy.render.files import FILE_LIMIT, Files, Job, ToolError
from argosy.render.kustomize import generate as generation
from argosy.render.kustomize.build import build
from argosy.render.kustomize.generate import build_options, generate
from argosy.render.kustomize.overrides import edited, parse_image
from argosy.sources.port import Entry

_TABLES = runpy.run_path(str(Path(__file__).with_name("cases.py")))
CASES: dict[str, dict[str, str | bytes]] = _TABLES["CASES"]
BROKEN: dict[str, tuple[dict[str, str | bytes], str]] = _TABLES["BROKEN"]
KUBECTL = Path(sysconfig.get_path("scripts")) / "kubectl"


class MemoryFiles:
    """`render.files.Files` over a table of texts."""

    def __init__(self, files: dict[str, str | bytes]) -> None:
        self._files = {path: text if isinstance(text, bytes) else text.encode() for path, text in files.items()}

    def stat(self, path: str) -> Entry | None:
        path = _inside(path)
        if path in self._files:
            return Entry(path, "file", "")
        return Entry(path, "dir", "") if self._below(path) else None

    def _below(self, path: str) -> list[str]:
        prefix = f"{path}/" if path else ""
        return [name.removeprefix(prefix) for name in self._files if name.startswith(prefix)]

    def read(self, path: str, *, limit: int = FILE_LIMIT) -> bytes:
        if (data := self._files.get(_inside(path))) is None:
            raise ToolError(f"{path}: no such file or directory")
        return data

    def list(self, path: str) -> Sequence[Entry]:
        kinds = {name.partition("/")[0]: "dir" if "/" in name else "file" for name in self._below(_inside(path))}
        return [Entry(name, kind, "") for name, kind in sorted(kinds.items())]  # type: ignore[arg-type]


class MemoryWorkspace:
    def __init__(self, files: dict[str, str | bytes], remotes: dict[str, dict[str, str | bytes]] | None = None) -> None:
        self.files = MemoryFiles(files)
        self.remotes = remotes or {}
        self.warnings: list[str] = []

    def ref(self, name: str) -> Files:
        raise ToolError(f"no source is called {name}")

    def remote(self, url: str) -> Files:
        if url not in self.remotes:
            raise ToolError(f"{url}: not allowed")
        return MemoryFiles(self.remotes[url])

    def fetch(self, url: str, *, limit: int = FILE_LIMIT) -> bytes:
        raise ToolError(f"{url}: not allowed")

    def chart(self, repository: str, name: str, version: str) -> Files:
        raise ToolError(f"{repository}: not allowed")

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def _inside(path: str) -> str:
    path = posixpath.normpath(path) if path not in ("", ".") else ""
    if path.startswith(("../", "/")):
        raise ToolError(f"{path} leaves the root")
    return path


def by_real_program(files: dict[str, str | bytes], root: Path) -> list[Any]:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = subprocess.run([KUBECTL, "kustomize", "prod"], cwd=root, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [one for one in yaml.load_all(done.stdout) if one is not None]


@pytest.mark.parametrize("name", CASES)
def test_ours_and_the_real_program_build_the_same(name: str, tmp_path: Path) -> None:
    ours = build(MemoryWorkspace(CASES[name]), "prod")
    assert ours == by_real_program(CASES[name], tmp_path)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_kustomization_is_refused_with_its_fault_named(name: str) -> None:
    files, fault = BROKEN[name]
    with pytest.raises(ToolError) as refusal:
        build(MemoryWorkspace(files), "prod")
    assert fault in str(refusal.value)


CONFIG = {"prod/kustomization.yaml": "resources: [a.yaml]\n", "prod/a.yaml": _TABLES["DEPLOYMENT"]}


def rendered(**options: Any) -> Any:
    return generate(MemoryWorkspace(CONFIG), Job(tool="Kustomize", path="prod", options=options))[0]


def test_an_applications_overrides_act_as_edits_of_the_kustomization() -> None:
    web = rendered(
        namePrefix="p-",
        nameSuffix="-s",
        namespace="prod",
        images=["nginx=other/nginx:2", "busybox:7"],
        replicas=[{"name": "web", "count": "4"}],
        commonLabels={"a": "b"},
        commonAnnotations={"c": "d"},
        patches=[{"target": {"kind": "Deployment"}, "patch": '[{"op":"add","path":"/spec/paused","value":true}]'}],
    )
    assert (web["metadata"]["name"], web["metadata"]["namespace"]) == ("p-web-s", "prod")
    assert [one["image"] for one in web["spec"]["template"]["spec"]["containers"]] == ["other/nginx:2", "busybox:7"]
    assert (web["spec"]["replicas"], web["spec"]["paused"]) == (4, True)
    assert web["spec"]["selector"]["matchLabels"] == {"app": "web", "a": "b"}
    assert web["spec"]["template"]["metadata"]["annotations"] == {"c": "d"}


def test_labels_without_selector_reach_templates_only_when_asked() -> None:
    plain = rendered(commonLabels={"a": "b"}, labelWithoutSelector=True)
    with_templates = rendered(commonLabels={"a": "b"}, labelWithoutSelector=True, labelIncludeTemplates=True)
    assert plain["spec"]["selector"]["matchLabels"] == {"app": "web"}
    assert plain["spec"]["template"]["metadata"]["labels"] == {"app": "web"}
    assert with_templates["spec"]["template"]["metadata"]["labels"] == {"app": "web", "a": "b"}


def test_a_label_that_is_there_already_needs_force() -> None:
    raw = {"commonLabels": {"a": "old"}}
    with pytest.raises(ToolError, match="label a already in kustomization file"):
        edited(raw, {"commonLabels": {"a": "new"}}, lambda _: True)
    forced = edited(raw, {"commonLabels": {"a": "new"}, "forceCommonLabels": True}, lambda _: True)
    assert forced["commonLabels"] == {"a": "new"}


def test_missing_components_are_left_out_only_when_asked() -> None:
    options = {"components": ["here", "gone"]}
    assert edited({}, options, lambda name: name == "here")["components"] == ["here", "gone"]
    lenient = edited({}, {**options, "ignoreMissingComponents": True}, lambda name: name == "here")
    assert lenient["components"] == ["here"]


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("nginx:2", {"name": "nginx", "newTag": "2"}),
        ("nginx=other", {"name": "nginx", "newName": "other"}),
        ("a=host:5000/b:3", {"name": "a", "newName": "host:5000/b", "newTag": "3"}),
        ("a@sha256:00", {"name": "a", "digest": "sha256:00"}),
        ("a=*:3", {"name": "a", "newTag": "3"}),
    ],
)
def test_an_image_override_names_old_new_tag_and_digest(text: str, image: dict[str, str]) -> None:
    assert parse_image(text) == image


def test_a_remote_base_is_asked_for_by_repository_and_read_at_its_path() -> None:
    files: dict[str, str | bytes] = {
        "prod/kustomization.yaml": "namePrefix: p-\n"
        "resources: ['https://example.com/team/repo.git//deploy/base?ref=v1']\n"
    }
    base: dict[str, str | bytes] = {
        "deploy/base/kustomization.yaml": "resources: [a.yaml]\n",
        "deploy/base/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    }
    workspace = MemoryWorkspace(files, {"https://example.com/team/repo.git?ref=v1": base})
    assert [one["metadata"]["name"] for one in build(workspace, "prod")] == ["p-a"]


def test_unknown_build_options_are_refused() -> None:
    assert build_options(
        "--enable-helm --load-restrictor LoadRestrictionsNone --helm-api-versions=a --reorder none"
    ) == {
        "--enable-helm": ["true"],
        "--load-restrictor": ["LoadRestrictionsNone"],
        "--helm-api-versions": ["a"],
        "--reorder": ["none"],
    }
    for text, told in (("--exec sh", "--exec"), ("--reorder any", "illegal value 'any'"), ("--enable-helm=yes", "yes")):
        with pytest.raises(ToolError, match=told):
            build_options(text)


@pytest.mark.parametrize(
    ("options", "settings", "text"),
    [
        ({}, {"kustomize.buildOptions": "A", "kustomize.buildOptions.v4": "B"}, "A"),
        ({"version": "v4"}, {"kustomize.path.v4": "/x", "kustomize.buildOptions": "A"}, "A"),
        ({"version": "v4"}, {"kustomize.version.v4": "/x", "kustomize.buildOptions.v4": "B"}, "B"),
    ],
)
def test_a_version_has_build_options_of_its_own(options: Any, settings: dict[str, str], text: str) -> None:
    assert generation._options_text(Job(tool="Kustomize", path="", options=options, settings=settings)) == text


def test_a_version_that_is_not_configured_is_an_error() -> None:
    with pytest.raises(ToolError, match="kustomize version v3 is not registered"):
        generation._options_text(Job(tool="Kustomize", path="", options={"version": "v3"}))
