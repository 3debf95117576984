"""Files of vectors, read one by one: an unreadable one is reported in a line, and the others continue."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from .outcome import Outcome, not_run


def stories(
    family: str, files: Iterable[Path], *needed: str, read: Callable[[bytes], Any] = json.loads
) -> Iterator[tuple[Path, Any, Outcome | None]]:
    """Each file with what it holds, or with the outcome that says why it is not a map with the `needed` names."""
    for file in sorted(files):
        content: Any = None
        try:
            content = read(file.read_bytes())
        except (ValueError, yaml.YAMLError) as error:
            why = f"{type(error).__name__} {' '.join(str(error).split())[:200]}"
        else:
            why = "" if isinstance(content, dict) else f"it is not a map but {type(content).__name__}"
            if not why and (lacking := [name for name in needed if name not in content]):
                why = f"it has no {lacking[0]!r}"
            elif not why and not _is_list_of_maps(content.get("cases", [])):
                why = "its 'cases' are no list of maps"
        yield file, content, not_run(family, file.stem, f"cannot be read: {why}") if why else None


def _is_list_of_maps(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def each(
    family: str, items: Iterable[Any], play: Callable[[Any], Iterable[Outcome]], name: Callable[[Any], object]
) -> Iterator[Outcome]:
    """Plays each item; a broken one is reported in a line, and the others continue.

    What breaks in Argosy has failed; what breaks in the reading of the item is not a vector, so it cannot be run.
    """
    for at, item in enumerate(items):
        try:
            yield from play(item)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(where.filename).name}:{where.lineno}"
            said = f"{type(error).__name__} {' '.join(str(error).split())[:200]} ({place})"
            foreign = Path(where.filename).is_relative_to(Path(__file__).parent)
            called = _name(item, name) or f"[{at}]"
            if foreign:
                yield not_run(family, called, f"cannot be run: {said}")
            else:
                yield Outcome(family, called, passed=False, detail=said)


def _name(item: Any, name: Callable[[Any], object]) -> str:
    try:
        return str(name(item))
    except Exception:
        return ""
