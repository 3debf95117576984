"""`git`: one set for each directory of a repository, or for the contents of its files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from argosy.apis.argoproj.applicationset.generators import GitGenerator, GitPath
from argosy.apis.schema import read
from argosy.expr.slugs import normalize
from argosy.gitops.applicationsets.generator_context import GeneratorContext
from argosy.gitops.applicationsets.params import GeneratorError, flattened
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load
from argosy.render.globs import GlobError, anywhere, by_segment
from argosy.sources.paths import OutOfRoot, normalise
from argosy.sources.port import Tree

FILE_LIMIT: Final = 10 * 1024 * 1024
ALL_FILES_LIMIT: Final = 100 * 1024 * 1024
MOST_ENTRIES: Final = 1_000_000
_HOSTILE: Final = re.compile(r"(^|/)\.\.(/|$)|^/|\0")


async def generate(asked: GeneratorContext, options: JsonObject) -> list[JsonObject]:
    given = read(GitGenerator, options)
    url = given.repo_url
    if not given.directories and not given.files:
        raise GeneratorError("git: directories or files must be given")
    if given.directories and given.files:
        raise GeneratorError("git: directories and files cannot both be given")
    if asked.is_outside and (refused := asked.doors.refusal(asked.project, asked.namespace, url)):
        raise GeneratorError(refused)
    tree = await asked.doors.git.tree(url, given.revision, asked.project)
    if given.directories:
        return of_directories(asked, given, tree)
    return of_files(asked, given, tree)


def of_directories(asked: GeneratorContext, given: GitGenerator, tree: Tree) -> list[JsonObject]:
    """Every directory that a path includes and none excludes."""
    paths = [path for path, kind in _walk(tree, hidden=asked.options.hidden_directories) if kind == "dir"]
    made = []
    for path in chosen(paths, given.directories, crossing=False):
        parameters = path_parameters(asked, path, given.path_param_prefix)
        made.append(asked.with_values(parameters, given.values))
    return made


def of_files(asked: GeneratorContext, given: GitGenerator, tree: Tree) -> list[JsonObject]:
    """The contents of each file (one set, or a list of them), with the parameters of its path."""
    crossing = not asked.options.new_file_globbing
    paths = [path for path, kind in _walk(tree, hidden=True) if kind == "file"]
    made: list[JsonObject] = []
    total = 0
    for path in chosen(paths, given.files, crossing=crossing):
        data = tree.read(path, limit=FILE_LIMIT)
        total += len(data)
        if total > ALL_FILES_LIMIT:
            raise GeneratorError(f"git: the files together are larger than {ALL_FILES_LIMIT} bytes")
        made += [_of_file(asked, given, path, content) for content in _contents(path, data)]
    return made


def chosen(paths: list[str], patterns: Sequence[GitPath], *, crossing: bool) -> list[str]:
    """Sorted. Any matching exclude removes. `crossing`: `*` matches `/`, and a directory's name everything in it."""
    includes = [_matcher(item.path, crossing) for item in patterns if not item.exclude]
    excludes = [_matcher(item.path, crossing) for item in patterns if item.exclude]
    return sorted(
        path for path in paths if any(match(path) for match in includes) and not any(match(path) for match in excludes)
    )


def _matcher(pattern: str, crossing: bool) -> Any:
    if _HOSTILE.search(pattern):
        raise GeneratorError(f"git: the path {pattern[:200]!r} must stay within the repository")
    plain = pattern.removeprefix("./").rstrip("/")
    try:
        compiled = anywhere(plain) if crossing else by_segment(plain)
    except GlobError as error:
        raise GeneratorError(f"git: {error}") from None
    if crossing:
        return lambda path: path.startswith(plain + "/") or compiled.fullmatch(path) is not None
    return lambda path: compiled.fullmatch(path) is not None


def _walk(tree: Tree, *, hidden: bool) -> Iterator[tuple[str, str]]:
    """Every directory and file, without symlinks, since they would be listed twice."""
    waiting, count = [""], 0
    while waiting:
        folder = waiting.pop()
        for entry in tree.list(folder):
            count += 1
            if count > MOST_ENTRIES:
                raise GeneratorError(f"git: the repository has more than {MOST_ENTRIES} entries")
            if entry.kind == "dir" and not hidden and entry.name.startswith("."):
                continue
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.kind == "dir":
                waiting.append(path)
            if entry.kind != "link":
                yield path, entry.kind


def path_parameters(asked: GeneratorContext, path: str, prefix: str, filename: str = "") -> JsonObject:
    """Parameters of a directory; with `filename` for a file in it."""
    name = posixpath.basename(path)
    segments = [part for part in path.split("/") if part]
    if asked.engine.is_go:
        found: JsonObject = {
            "path": path, "basename": name, "basenameNormalized": normalize(name), "segments": segments,
        }  # fmt: skip
        if filename:
            found |= {"filename": filename, "filenameNormalized": normalize(filename)}
        return {prefix: {"path": found}} if prefix else {"path": found}
    root = f"{prefix}.path" if prefix else "path"
    flat: JsonObject = {root: path, f"{root}.basename": name, f"{root}.basenameNormalized": normalize(name)}
    if filename:
        flat |= {f"{root}.filename": filename, f"{root}.filenameNormalized": normalize(filename)}
    return {**flat, **{f"{root}[{at}]": part for at, part in enumerate(segments)}}


def _contents(path: str, data: bytes) -> list[JsonObject]:
    try:
        found = load(data)
    except YamlError as error:
        raise GeneratorError(f"unable to parse file {path}: {error}") from None
    items = found if isinstance(found, list) else [{} if found is None else found]
    for item in items:
        if not isinstance(item, dict):
            raise GeneratorError(f"unable to parse file {path}: a map, or a list of maps, would be right")
    return items


def _of_file(asked: GeneratorContext, given: GitGenerator, path: str, content: JsonObject) -> JsonObject:
    folder, filename = posixpath.dirname(path) or ".", posixpath.basename(path)
    parameters = content if asked.engine.is_go else {**flattened(content)}
    place = path_parameters(asked, folder, given.path_param_prefix, filename)
    return asked.with_values({**parameters, **place}, given.values)


def checked_path(path: str) -> str:
    """A path within a repository, as it is sent to a host. Raises GeneratorError."""
    try:
        return normalise(path)
    except OutOfRoot:
        raise GeneratorError(f"the path {path[:200]!r} must stay within the repository") from None
