"""The values a chart is rendered with: files, then inline values, then parameters (spec/argo-cd-engine-2.md 11.4)."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import re2

from argosy.machinery.objects import JsonObject
from argosy.render.directories.documents import kubernetes_documents
from argosy.render.files import Files, Job, ToolError, Workspace
from argosy.render.globs import GlobError, by_segment, is_glob
from argosy.render.helm.strvals import SetError, set_into
from argosy.sources.paths import OutOfRoot, join, normalise

DEFAULT_SCHEMES: Final = "https,http"
GLOB_DEPTH: Final = 64
GLOB_FILES: Final = 1000

_SCHEME = re2.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*)://")
_REFERENCE = re2.compile(r"^\$([a-zA-Z0-9_-]+)(?:/(.*))?$")
_BARE_COMMA = re2.compile(r"([^\\]),")

ParseYaml = Callable[[str], Mapping[str, Any]]
"""A values document to JSON, as Helm reads it. Raises ValueError."""


def values_of(workspace: Workspace, job: Job, parse: ParseYaml) -> JsonObject:
    """All values merged, later ones winning. Raises ToolError naming the wrong file or parameter."""
    options = job.options
    values: JsonObject = {}
    for name, text in value_files(workspace, job):
        values = merged(values, _parsed(name, text, parse))
    inline = options.get("valuesObject")
    if isinstance(inline, dict):
        values = merged(values, inline)
    elif options.get("values"):
        values = merged(values, _parsed("values", str(options["values"]), parse))
    _apply_parameters(values, options, workspace, job)
    return values


def value_files(workspace: Workspace, job: Job) -> Iterator[tuple[str, str]]:
    """Name and text of each value file in its order."""
    entries = [str(entry) for entry in job.options.get("valueFiles") or ()]
    ignore_missing = bool(job.options.get("ignoreMissingValueFiles"))
    explicit = {entry for entry in entries if not is_glob(entry)}
    for entry in entries:
        if _SCHEME.match(entry):
            yield entry, _text(entry, _fetched(workspace, job, entry))
            continue
        files, path = located(workspace, job, entry)
        if is_glob(path):
            names = [name for name in _matching(files, path) if not _listed(name, entry, explicit, job)]
            if not names and not ignore_missing:
                raise ToolError(f"{entry}: no value file matches")
            for name in names:
                yield name, _text(name, files.read(name))
        elif (found := files.stat(path)) is not None and found.kind == "file":
            yield entry, _text(entry, files.read(path))
        elif not ignore_missing:
            raise ToolError(f"open {entry}: no such file or directory")


def located(workspace: Workspace, job: Job, entry: str) -> tuple[Files, str]:
    """The root and normalised path that a file entry names: relative, `/` for the root, or `$ref/`."""
    try:
        if entry.startswith("$"):
            match = _REFERENCE.match(entry)
            if not match:
                raise ToolError(f"{entry}: a reference must look like $name/path")
            return workspace.ref(match.group(1)), normalise(match.group(2) or "")
        if entry.startswith("/"):
            return workspace.files, normalise(entry.lstrip("/"))
        return workspace.files, join(job.path, entry)
    except OutOfRoot as error:
        raise ToolError(str(error)) from None


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> JsonObject:
    """Maps are merged, everything else is replaced; neither argument is changed."""
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            result[key] = merged(known, value)
        else:
            result[key] = value
    return result


def escaped(value: str) -> str:
    """A parameter's value with its commas escaped, unless it is a list in braces."""
    if value.startswith("{"):
        return value
    return str(_BARE_COMMA.sub(r"\1\\,", value.replace(",,", "\\,\\,")) if "," in value else value)


def _apply_parameters(values: JsonObject, options: JsonObject, workspace: Workspace, job: Job) -> None:
    """`--set` before `--set-string` before `--set-file`, as in Helm, whatever their order."""
    parameters = [entry for entry in options.get("parameters") or () if isinstance(entry, dict)]
    for text in (False, True):
        for entry in parameters:
            if bool(entry.get("forceString")) == text:
                name, value = str(entry.get("name") or ""), str(entry.get("value") or "")
                _set(values, name, f"{name}={escaped(value)}", text=text)
    for entry in options.get("fileParameters") or ():
        name = str(entry.get("name") or "")
        files, path = located(workspace, job, str(entry.get("path") or ""))
        _set(values, name, f"{name}=", literal=_text(path, files.read(path)))


def _set(values: JsonObject, name: str, expression: str, *, text: bool = False, literal: str | None = None) -> None:
    try:
        set_into(values, expression, text=text, literal=literal)
    except SetError as error:
        raise ToolError(f"failed parsing parameter {name!r}: {error}") from None


def _matching(files: Files, pattern: str) -> list[str]:
    """Paths of files that match, in lexical order; only directories below the pattern's fixed part are listed."""
    try:
        compiled = by_segment(pattern)
    except GlobError as error:
        raise ToolError(str(error)) from None
    fixed = pattern[: min(pattern.index(char) for char in "*?[{" if char in pattern)].rpartition("/")[0]
    start = files.stat(fixed)
    if start is None or start.kind != "dir":
        return []
    found: list[str] = []
    _search(files, fixed, "**" in pattern, pattern.count("/"), compiled, found)
    return sorted(found)


def _search(files: Files, path: str, endless: bool, slashes: int, compiled: Any, found: list[str]) -> None:
    for entry in files.list(path):
        here = f"{path}/{entry.name}" if path else entry.name
        if entry.kind == "dir":
            if here.count("/") < (GLOB_DEPTH if endless else slashes):
                _search(files, here, endless, slashes, compiled, found)
        elif compiled.fullmatch(here):
            found.append(here)
            if len(found) > GLOB_FILES:
                raise ToolError(f"more than {GLOB_FILES} value files match")


def _listed(name: str, entry: str, explicit: set[str], job: Job) -> bool:
    """Whether a file matched by a glob has a position of its own in the list."""
    if entry.startswith("$"):
        reference = entry.partition("/")[0]
        return f"{reference}/{name}" in explicit
    relative = posixpath.relpath(name, job.path or ".")
    return relative in explicit or f"./{relative}" in explicit or f"/{name}" in explicit


def _fetched(workspace: Workspace, job: Job, url: str) -> bytes:
    scheme = url.partition("://")[0].lower()
    allowed = (job.settings.get("helm.valuesFileSchemes") or DEFAULT_SCHEMES).split(",")
    if scheme not in {name.strip() for name in allowed} or scheme not in ("http", "https"):
        raise ToolError(f"the URL scheme {scheme!r} is not allowed for value files")
    return workspace.fetch(url)


def _parsed(name: str, text: str, parse: ParseYaml) -> Mapping[str, Any]:
    """All documents of a values file, the later over the earlier, each line terminated, as in Helm 4's loader."""
    values: JsonObject = {}
    ended = text if text.endswith("\n") else text + "\n"
    for document in kubernetes_documents(ended.encode(), name):
        try:
            values = merged(values, parse(document.decode()) if document.strip() else {})
        except ValueError as error:
            raise ToolError(f"failed to parse {name}: {error}") from None
    return values


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ToolError(f"{name}: is not UTF-8 text") from None
