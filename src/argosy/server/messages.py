"""An answer that goes to many callers: what it looks like on the wire is worked out once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class SharedMessage(dict[str, Any]):
    """Never changed once it is made."""

    __slots__ = ("_forms",)

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(content)
        self._forms: dict[str, bytes] = {}

    def form(self, name: str, make: Callable[[], bytes]) -> bytes:
        if (found := self._forms.get(name)) is None:
            found = self._forms[name] = make()
        return found


def form_of(message: dict[str, Any], name: str, make: Callable[[], bytes]) -> bytes:
    """`make()`, remembered where the message is shared."""
    return message.form(name, make) if isinstance(message, SharedMessage) else make()
