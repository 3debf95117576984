"""Splits text into YAML documents: each tool splits in its own way before any YAML is parsed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import re2

from argosy.render.files import ToolError

_HELM: Final = re2.compile(r"(?m)^---[ \t]*")
_KUSTOMIZE: Final = re2.compile(r"\n---(.*)\n")


def helm_documents(text: str) -> Iterator[str]:
    """As Helm splits a template's output: at every line that starts with `---`, whatever follows on it."""
    for document in _HELM.split(text.lstrip()):
        if document.strip():
            yield document.lstrip()


def kustomize_documents(data: bytes, where: str) -> Iterator[str]:
    """As Kustomize splits a file: at lines of `---` with an optional comment. Raises ToolError."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ToolError(f"{where}: is not UTF-8 text: {error}") from None
    start = 0
    for match in _KUSTOMIZE.finditer(text):
        _check(match.group(1), where)
        yield text[start : match.start()] + "\n"
        start = match.end()
    yield text[start:]


def kubernetes_documents(data: bytes, where: str) -> Iterator[bytes]:
    """As kubectl and Argo CD split a file of manifests. Raises ToolError."""
    lines: list[bytes] = []
    for line in data.splitlines(keepends=True):
        if line.startswith(b"---"):
            _check(line[3:].decode("utf-8", "replace"), where)
            if lines:
                yield b"".join(lines)
                lines = []
                continue
        lines.append(line)
    if lines:
        yield b"".join(lines)


def _check(rest: str, where: str) -> None:
    if (text := rest.strip()) and not text.startswith("#"):
        raise ToolError(f"{where}: invalid document separator: {text[:60]!r} after ---")
