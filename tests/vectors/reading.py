"""Files of vectors, read one by one: of one that cannot be read a line is told, and the others go on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from .outcome import Outcome, not_run


def stories(
    family: str, files: Iterable[Path], *needed: str, read: Callable[[bytes], Any] = json.loads
) -> Iterator[tuple[Path, Any, Outcome | None]]:
    """Each file with what it holds, or with the outcome that says why it is no map with the `needed` names."""
    for file in sorted(files):
        content: Any = None
        try:
            content = read(file.read_bytes())
        except (ValueError, yaml.YAMLError) as error:
            why = f"{type(error).__name__} {' '.join(str(error).split())[:200]}"
        else:
            why = "" if isinstance(content, dict) else f"it is no map but {type(content).__name__}"
            if not why and (lacking := [name for name in needed if name not in content]):
                why = f"it has no {lacking[0]!r}"
            elif not why and not _is_list_of_maps(content.get("cases", [])):
                why = "its 'cases' are no list of maps"
        yield file, content, not_run(family, file.stem, f"cannot be read: {why}") if why else None


def _is_list_of_maps(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
