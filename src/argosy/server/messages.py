"""Messages that go to many callers: their encoding is computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


class SharedMessage(dict[str, Any]):
    """Immutable after creation."""

    __slots__ = ("_forms",)

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(content)
        self._forms: dict[str, bytes] = {}

    def form(self, name: str, make: Callable[[], bytes]) -> bytes:
        if (found := self._forms.get(name)) is None:
            found = self._forms[name] = make()
        return found


class Burst:
    """A batch of messages, in order: streams with the same batch share its encoding, too."""

    __slots__ = ("_forms", "messages")

    def __init__(self, messages: Iterable[dict[str, Any]]) -> None:
        self.messages = tuple(messages)
        self._forms: dict[str, bytes] = {}

    def form(self, name: str, write: Callable[[dict[str, Any]], bytes]) -> bytes:
        """Encodes each message with `write`, one after the other."""
        if (found := self._forms.get(name)) is None:
            found = self._forms[name] = b"".join(map(write, self.messages))
        return found


Message = dict[str, Any] | Burst
"""The messages that a stream sends at one time."""


def form_of(message: dict[str, Any], name: str, make: Callable[[], bytes]) -> bytes:
    """Calls `make()`, and caches the result if the message is shared."""
    return message.form(name, make) if isinstance(message, SharedMessage) else make()


def each_of(message: Message) -> tuple[dict[str, Any], ...]:
    return message.messages if isinstance(message, Burst) else (message,)
