"""Entries of `template.data`: Go templates over the decrypted values, with limits and without outside access."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from argosy.sealing.assembly import RenderError

if TYPE_CHECKING:
    from argosy.expr.gotemplate import GoTemplates

_PARSING: Final = re.compile(r"template:(\d+):\d+: (.*)", re.DOTALL)
_RUNNING: Final = re.compile(r'template: template:(\d+:\d+): executing "template": (.*)', re.DOTALL)
_FUNCTION: Final = re.compile(r"function '(\w+)' failed: (.*)", re.DOTALL)
_QUOTED: Final = re.compile(r"'([^']*)'")


class Templates:
    """One evaluation at a time. The engine is loaded for the first entry with an action: few Secrets have any."""

    def __init__(self, now: Callable[[], datetime], entropy: Callable[[int], bytes]) -> None:
        self._engine = cache(lambda: _engine(now, entropy))

    def render(self, name: str, text: str, values: Mapping[str, str]) -> str:
        """Raises RenderError."""
        if "{{" not in text:
            return text
        from argosy.expr.gotemplate import GoTemplateError

        try:
            return self._engine().render(text, dict(values))
        except GoTemplateError as error:
            raise RenderError(_safe_message(name, text, str(error))) from None


def _engine(now: Callable[[], datetime], entropy: Callable[[int], bytes]) -> GoTemplates:
    from argosy.expr.gotemplate import GoTemplates

    return GoTemplates(now, entropy, more={"index": _index})


def _index(value: Any, *keys: Any) -> Any:
    """As Go's on a map of texts: a missing key gives the empty text."""
    for key in keys:
        if isinstance(value, Mapping):
            texts = all(isinstance(item, str) for item in value.values())
            value = value.get(key, "" if texts else None)
        elif isinstance(value, list | tuple) and type(key) is int and 0 <= key < len(value):
            value = value[key]
        else:
            raise TypeError("cannot index this value with this key")
    return value


def _safe_message(name: str, template: str, error: str) -> str:
    """Go's message as far as it only shows the template: a function's message about its arguments may hold a secret."""
    if found := _PARSING.fullmatch(error):
        return f"template: {name}:{found[1]}: {_QUOTED.sub(_go_quoted, found[2])}"
    if found := _RUNNING.fullmatch(error):
        start = f'template: {name}:{found[1]}: executing "{name}": '
        if failed := _FUNCTION.fullmatch(found[2]):
            shown = failed[2] in template
            return f"{start}error calling {failed[1]}" + (f": {failed[2]}" if shown else "")
        return start + "the template failed"
    return f"template: {name}: the template went past a limit, or failed"


def _go_quoted(found: re.Match[str]) -> str:
    return f'"{found[1]}"'
