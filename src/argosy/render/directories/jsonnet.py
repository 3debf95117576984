"""Jsonnet files of a Directory source (spec/argo-cd-engine-2.md 11.3, Directory). Runs in a render worker.

The evaluator reads nothing itself: each import is looked up in the workspace, so it is recorded and cannot leave
the repository. Time and memory limits are the worker's; call depth is limited here (spec/security.md rule 3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

import orjson
import re2

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import FILE_LIMIT, Files, ToolError

STACK_LIMIT: Final = 500
TRACE_LINES: Final = 20
MESSAGE_LIMIT: Final = 2000
OUTPUT_LIMIT: Final = 32 * 1024 * 1024

_HASHES: Final = {"sha1": "sha1", "sha256": "sha256", "sha512": "sha512", "sha3": "sha3_512"}
"""Standard library functions that only the Go version has -> Python's name for them."""
_USES_HASHES: Final = re2.compile(rf"\bstd\s*\.\s*(?:{'|'.join(_HASHES)})\b")
_WITH_HASHES: Final = (
    "local argosyStd = std; local std = argosyStd + {"
    + ", ".join(f"{name}(str):: argosyStd.native('argosy.{name}')(str)" for name in _HASHES)
    + "}; "
)
"""Prepended to a text, on its first line, so that line numbers in errors stay correct."""


def evaluate(files: Files, application: str, path: str, options: JsonObject) -> JsonValue:
    """Evaluates the file at `path`; `options` is the source's `directory.jsonnet`. Raises ToolError."""
    importer = _Importer(files, [application, *_libraries(options)])
    external, arguments = _variables(options, "extVars"), _variables(options, "tlas")
    try:
        text = import_module("_jsonnet").evaluate_snippet(
            path,
            with_hashes(_text(path, files.read(path))),
            max_stack=STACK_LIMIT,
            max_trace=TRACE_LINES,
            import_callback=importer,
            native_callbacks=_NATIVE,
            ext_vars=external[False],
            ext_codes=external[True],
            tla_vars=arguments[False],
            tla_codes=arguments[True],
        )
    except RuntimeError as error:
        if importer.lost is not None:
            raise importer.lost from None
        raise ToolError(f"{path}: {str(error).strip()[:MESSAGE_LIMIT]}") from None
    if len(text) > OUTPUT_LIMIT:
        raise ToolError(f"{path}: its result is larger than the limit of {OUTPUT_LIMIT} bytes")
    result: JsonValue = orjson.loads(text)
    return result


def with_hashes(text: str) -> str:
    """The text with the hash functions that this evaluator lacks, if it calls one."""
    return _WITH_HASHES + text if _USES_HASHES.search(text) else text


def _imported(path: str, data: bytes) -> bytes:
    """An import and an `importstr` look alike here, so only files named as Jsonnet are treated as Jsonnet."""
    if not path.endswith((".jsonnet", ".libsonnet")):
        return data
    return with_hashes(_text(path, data)).encode()


def _hash(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, str(text).encode()).hexdigest()


_NATIVE: Final = {f"argosy.{name}": (("str",), _hash(python)) for name, python in _HASHES.items()}


class _Importer:
    """Looks next to the importing file, then in the libraries from the last to the application's own directory."""

    def __init__(self, files: Files, libraries: Sequence[str]) -> None:
        self._files = files
        self._libraries = libraries
        self.lost: BaseException | None = None
        """An error that aborted the worker's own work during an import; the evaluator would report a failed import."""

    def __call__(self, base: str, name: str) -> tuple[str, bytes]:
        try:
            return self._found(base, name)
        except ToolError as error:
            raise RuntimeError(str(error)) from None
        except BaseException as error:
            self.lost = error
            raise RuntimeError("the import was given up") from None

    def _found(self, base: str, name: str) -> tuple[str, bytes]:
        if name.startswith("/"):
            raise ToolError(f"{name}: an import must be a relative path")
        for directory in (base, *reversed(self._libraries)):
            path = f"{directory.rstrip('/')}/{name}" if directory.strip("/") else name
            entry = self._files.stat(path)
            if entry is not None and entry.kind == "file":
                return path, _imported(path, self._files.read(path, limit=FILE_LIMIT))
        raise ToolError(f"{name}: no such file beside the importing one or in directory.jsonnet.libs")


def _libraries(options: JsonObject) -> list[str]:
    """Relative to the root of the repository, with or without a leading slash."""
    libraries = options.get("libs") or []
    if not isinstance(libraries, list) or not all(isinstance(item, str) for item in libraries):
        raise ToolError("directory.jsonnet.libs: must be a list of paths in the repository")
    return [item.lstrip("/") for item in libraries]


def _variables(options: JsonObject, field: str) -> Mapping[bool, dict[str, str]]:
    """By whether they are code: name -> value."""
    found: dict[bool, dict[str, str]] = {False: {}, True: {}}
    for variable in options.get(field) or ():
        if not isinstance(variable, dict) or not isinstance(variable.get("name"), str) or not variable["name"]:
            raise ToolError(f"directory.jsonnet.{field}: each needs a name, a value, and for Jsonnet code: true")
        value: Any = variable.get("value")
        found[bool(variable.get("code"))][variable["name"]] = "" if value is None else str(value)
    return found


def _text(path: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ToolError(f"{path}: is not UTF-8 text") from None
