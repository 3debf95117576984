"""Copies a chart's files from the parent into a private directory for Helm to load, including dependencies.

Declared dependencies that are missing in `charts/` are fetched by the parent (`https://`, `oci://`) or copied
from the same repository (`file://`): like `helm dependency build`, without network access in this process.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text.yaml import YamlError, load_all
from argosy.render.files import Files, ToolError, Workspace
from argosy.render.helm.ignore import NAME as IGNORE_NAME
from argosy.render.helm.ignore import Ignored
from argosy.render.helm.library import LoadedChart
from argosy.render.helm.references import check_schema
from argosy.sources.paths import OutOfRoot, join
from argosy.sources.versions import matches

FILES_LIMIT: Final = 10_000
BYTES_LIMIT: Final = 200 * 1024 * 1024
DEPTH_LIMIT: Final = 32
SCHEMA: Final = "values.schema.json"


class Gathering:
    """Copies charts into one directory, counting files and bytes over all of them."""

    def __init__(self, workspace: Workspace, *, without_schema: bool) -> None:
        self._workspace = workspace
        self._without_schema = without_schema
        self._files = 0
        self._bytes = 0

    def copy(self, files: Files, path: str, target: Path, nesting: int = 0) -> None:
        """The chart at `path` of `files` with all its dependencies."""
        if nesting > DEPTH_LIMIT:
            raise ToolError(f"{path or '.'}: charts depend on each other more than {DEPTH_LIMIT} levels deep")
        ignore_file = f"{path}/{IGNORE_NAME}" if path else IGNORE_NAME
        rules = files.read(ignore_file).decode("utf-8", "replace") if files.stat(ignore_file) else ""
        self._directory(files, path, "", target, Ignored(rules), 0)
        self._dependencies(files, path, target, nesting)

    def _directory(self, files: Files, root: str, relative: str, target: Path, ignored: Ignored, depth: int) -> None:
        if depth > DEPTH_LIMIT:
            raise ToolError(f"{root}/{relative}: directories are nested deeper than {DEPTH_LIMIT}")
        target.mkdir(parents=True, exist_ok=True)
        here = "/".join(part for part in (root, relative) if part)
        for entry in files.list(here):
            inner = f"{relative}/{entry.name}" if relative else entry.name
            path = f"{here}/{entry.name}" if here else entry.name
            kind = _kind_of(files, path, entry.kind)
            if not kind or ignored(inner, directory=kind == "dir"):
                continue
            if kind == "dir":
                self._directory(files, root, inner, target / entry.name, ignored, depth + 1)
            elif entry.name != SCHEMA:
                self._file(files, path, target / entry.name)
            elif not self._without_schema:
                check_schema(path, self._file(files, path, target / entry.name))

    def _file(self, files: Files, path: str, target: Path) -> bytes:
        data = files.read(path)
        self._files += 1
        self._bytes += len(data)
        if self._files > FILES_LIMIT or self._bytes > BYTES_LIMIT:
            raise ToolError(f"the chart has more than {FILES_LIMIT} files or {BYTES_LIMIT} bytes")
        target.write_bytes(data)
        return data

    def _dependencies(self, files: Files, path: str, target: Path, nesting: int) -> None:
        declared = _declared(target)
        present = _present(target / "charts")
        locked = {item.get("name"): str(item.get("version") or "") for item in _items(target / "Chart.lock")}
        for item in declared:
            name, repository = str(item.get("name") or ""), str(item.get("repository") or "")
            if not repository or name in present:
                continue
            self._dependency(files, path, item, locked.get(name, ""), target / "charts" / _safe(name), nesting)

    def _dependency(self, files: Files, path: str, item: JsonObject, locked: str, target: Path, nesting: int) -> None:
        name, repository = str(item["name"]), str(item["repository"])
        version = locked or str(item.get("version") or "")
        if repository.startswith("file://"):
            try:
                place = join(path, repository.removeprefix("file://"))
            except OutOfRoot as error:
                raise ToolError(f"dependency {name!r}: {error}") from None
            _check_version(files, place, name, str(item.get("version") or ""))
            self.copy(files, place, target, nesting + 1)
        elif repository.startswith(("https://", "http://", "oci://", "@", "alias:")):
            self.copy(self._workspace.chart(repository, name, version), "", target, nesting + 1)
        else:
            raise ToolError(f"dependency {name!r}: repository {repository!r} is not a URL that can be fetched")


def _check_version(files: Files, place: str, name: str, wanted: str) -> None:
    """A chart of the same repository must have the requested version. Raises ToolError in Helm's wording."""
    file = f"{place}/Chart.yaml" if place else "Chart.yaml"
    if not wanted or files.stat(file) is None:
        return
    try:
        metadata = _loaded(files.read(file))
    except YamlError as error:
        raise ToolError(f"dependency {name!r}: {file}: {error}") from None
    found = str(metadata.get("version") or "") if isinstance(metadata, dict) else ""
    if not matches(wanted, found):
        raise ToolError(f"can't get a valid version for dependency {name}: {file} is {found}, {wanted} is asked for")


def check_dependencies(chart: LoadedChart) -> None:
    """Raises ToolError in Helm's wording if a declared chart is missing."""
    present = {str(item.get("name")) for item in chart.dependencies}
    declared = [str(item.get("name")) for item in chart.metadata.get("dependencies") or ()]
    if missing := [name for name in declared if name not in present]:
        raise ToolError(f"found in Chart.yaml, but missing in charts/ directory: {', '.join(missing)}")


def _kind_of(files: Files, path: str, kind: str) -> str:
    if kind != "link":
        return kind
    found = files.stat(path)
    return found.kind if found else ""


def _declared(chart: Path) -> list[JsonObject]:
    old = chart / "requirements.yaml"
    return [*_items(chart / "Chart.yaml"), *(_items(old) if old.exists() else ())]


def _items(file: Path) -> list[JsonObject]:
    try:
        content: Any = _loaded(file.read_bytes()) if file.exists() else None
    except YamlError as error:
        raise ToolError(f"{file.name}: {error}") from None
    listed = content.get("dependencies") if isinstance(content, dict) else None
    return [item for item in listed or () if isinstance(item, dict)] if isinstance(listed, list) else []


def _loaded(data: bytes) -> JsonValue:
    """As Helm reads a chart's metadata: for a duplicate key the last one counts. Raises YamlError."""
    return next(load_all(data, repeated=lambda fault: None), None)


def _present(charts: Path) -> set[str]:
    """Names of the charts in `charts/`: directories by their Chart.yaml, archives by their file name."""
    names: set[str] = set()
    for item in _entries(charts):
        if item.is_dir():
            names.add(item.name)
            content = _loaded((item / "Chart.yaml").read_bytes()) if (item / "Chart.yaml").exists() else None
            names.add(str(content.get("name")) if isinstance(content, dict) else item.name)
        elif item.suffix == ".tgz":
            parts = item.name.removesuffix(".tgz").split("-")
            names.update("-".join(parts[:end]) for end in range(1, len(parts)))
    return names


def _entries(directory: Path) -> Iterable[Path]:
    return directory.iterdir() if directory.is_dir() else ()


def _safe(name: str) -> str:
    if not name or "/" in name or name.startswith("."):
        raise ToolError(f"dependency name {name!r} is not a chart name")
    return name
