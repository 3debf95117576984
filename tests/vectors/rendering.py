"""Small sources and what the real programs made of them: kustomize, Helm and plain directories."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from argosy.render.detect import explicit_type
from argosy.render.files import Job
from argosy.render.local import LocalWorkspace, render_here
from argosy.render.port import RenderError
from argosy.sources.tree import MemoryStorage, RootedTree

from .outcome import Outcome, not_run
from .reading import each, stories

TOOLS = {"kustomize": "Kustomize", "helm": "Helm", "directory": "Directory"}
ROOT = "repository/deep/app"
"""Where the application's directory lies, so that a path may begin with `../`."""


def run(data: Path) -> Iterator[Outcome]:
    for _, family, unread in stories("rendering", (data / "rendering").glob("*.json"), "family", "cases"):
        if unread:
            yield unread
            continue
        play = partial(_case, str(family["family"]))
        yield from each("rendering", family["cases"], play, lambda case: case["name"])


def _case(family: str, case: Any) -> Iterator[Outcome]:
    name = f"{family}/{case['name']}"
    if family not in TOOLS:
        yield not_run("rendering", name, f"no such family is known: {', '.join(TOOLS)}")
    elif not isinstance(case.get("files"), dict) or not ({"objects", "error"} & case.keys()):
        yield not_run("rendering", name, "cannot be read: it has no 'files', or neither 'objects' nor 'error'")
    else:
        yield _judged(name, TOOLS[family], case)


def _judged(name: str, tool: str, case: Any) -> Outcome:
    try:
        found = json.loads(json.dumps(list(_rendered(tool, case))))
    except RenderError as error:
        return Outcome("rendering", name, bool(case.get("error")), f"refused: {error}")
    except Exception as error:
        return Outcome("rendering", name, False, f"{type(error).__name__}: {error}")
    if case.get("error"):
        return Outcome("rendering", name, False, f"should be refused, gave {json.dumps(found)[:600]}")
    return Outcome("rendering", name, found == case["objects"], _difference(case["objects"], found))


def _rendered(tool: str, case: Any) -> Any:
    source = case.get("source") or {}
    kind = explicit_type(source) or tool
    options = source.get(kind.lower()) or {}
    settings = {"kustomize.buildOptions": "--enable-helm"} if case.get("enableHelm") else {}
    job = Job(
        tool=kind,
        path=ROOT,
        options=options,
        namespace="ns",
        release_name="app",
        app_name="app",
        kube_version=case.get("kubeVersion") or "",
        api_versions=tuple(options.get("apiVersions") or ()),
        settings=settings,
    )
    return render_here(LocalWorkspace(RootedTree(MemoryStorage(_files(case["files"])))), job)


def _files(files: Mapping[str, Any]) -> dict[str, bytes]:
    return {_placed(path): _bytes(content) for path, content in files.items()}


def _placed(path: str) -> str:
    place = ROOT.split("/")
    while path.startswith("../"):
        path, place = path[3:], place[:-1]
    return "/".join((*place, path))


def _bytes(content: Any) -> bytes:
    return content.encode() if isinstance(content, str) else base64.b64decode(content["base64"])


def _difference(wanted: list[Any], found: list[Any]) -> str:
    if len(wanted) != len(found):
        return (
            f"wanted {len(wanted)} objects, got {len(found)}: {json.dumps(wanted)[:500]} != {json.dumps(found)[:500]}"
        )
    for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
        if one != other:
            return f"[{index}]: {_shown(one)} != {_shown(other)}"
    return ""


def _shown(value: Any) -> str:
    return json.dumps(value, sort_keys=True)[:900]
