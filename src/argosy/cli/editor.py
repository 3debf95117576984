"""Lets the user edit a value as YAML in their own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, dump, load


def edited(value: JsonObject, name: str) -> JsonObject:
    """The edited value. Raises CommandError if it is not a mapping."""
    chosen = next((os.environ[key] for key in ("KUBE_EDITOR", "VISUAL", "EDITOR") if os.environ.get(key)), "vi")
    with TemporaryDirectory(prefix="argosy-edit-") as directory:
        path = Path(directory, name.replace("/", "-"))
        path.touch(mode=0o600)
        path.write_text(dump(value))
        try:
            code = subprocess.run([*shlex.split(chosen), str(path)], check=False).returncode
        except (OSError, ValueError) as error:
            raise CommandError(f"the editor {chosen!r} cannot be run: {error}") from None
        if code != 0:
            raise CommandError(f"the editor {chosen!r} ended with exit code {code}: nothing was changed")
        try:
            found = load(path.read_bytes())
        except YamlError as error:
            raise CommandError(f"what was edited is not YAML: {error}: nothing was changed") from None
    if not isinstance(found, dict):
        raise CommandError("what was edited must be one mapping: nothing was changed")
    return found
