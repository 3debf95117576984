"""The plain template engine: `{{ name }}` is replaced by a parameter's text, unknown names stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

OUTPUT_LIMIT: Final = 10 * 1024 * 1024
_TAG: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class FastTemplateError(ValueError):
    """The text is not a template, or exceeds the limit."""


def render(text: str, parameters: Mapping[str, object], *, limit: int = OUTPUT_LIMIT) -> str:
    """`limit`: characters of the result (spec/security.md rule 3). An unclosed tag stays as it is."""
    if "{{" not in text:
        return text
    made: list[str] = []
    length = at = 0
    for tag in _TAG.finditer(text):
        value = parameters.get(tag[1].strip())
        piece = text[at : tag.start()] + (tag[0] if value is None else str(value))
        length += len(piece)
        if length > limit:
            raise FastTemplateError(f"the rendered template is longer than {limit} characters")
        made.append(piece)
        at = tag.end()
    return "".join(made) + text[at:]
