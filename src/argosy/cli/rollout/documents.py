"""Reads the YAML or JSON files that verbs of `argosy rollout` take."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from argosy.cli.failing import CommandError
from argosy.machinery.text.yaml import YamlError, load_documents


def documents_of(file: str) -> list[Any]:
    """`-` is standard input. Raises CommandError, which names the file."""
    try:
        return list(load_documents(sys.stdin.read() if file == "-" else Path(file).read_text()))
    except (OSError, UnicodeDecodeError, YamlError) as error:
        raise CommandError(f"{file}: {error}") from None
