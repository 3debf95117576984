"""The content of a webhook event, independent of the provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

HASH: Final = "sha256"


class Refused(Exception):
    """`status` and text of the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """`files` is None if the provider does not list changed files."""

    urls: tuple[str, ...]
    revision: str
    touched_head: bool
    files: tuple[str, ...] | None = None
    counts_for_sets: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A pull or merge request was opened, closed or changed. `kind`: the generator's field for this provider."""

    kind: str
    repository: str
    owner: str
    api: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An image or chart was pushed to a registry."""

    registry: str
    repository: str
    tag: str


@dataclass(frozen=True, slots=True)
class Other:
    """An event without content; sets with plugins are refreshed nevertheless."""


News = Pushed | Asked | Stored | Other


class Body:
    """Reads typed values; a missing value, or one of another type, is refused (security.md rule 8)."""

    def __init__(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise Refused(400, "Webhook processing failed")
        self._value = value

    def text(self, *path: str, default: str | None = None) -> str:
        found = self._at(path)
        if found is None and default is not None:
            return default
        if not isinstance(found, str):
            raise Refused(400, "Webhook processing failed")
        return found

    def number(self, *path: str) -> int:
        found = self._at(path)
        if not isinstance(found, int) or isinstance(found, bool):
            raise Refused(400, "Webhook processing failed")
        return found

    def items(self, *path: str) -> list[Body]:
        found = self._at(path)
        if found is None:
            return []
        if not isinstance(found, list):
            raise Refused(400, "Webhook processing failed")
        return [Body(item) for item in found]

    def texts(self, *path: str) -> list[str]:
        found = self._at(path)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise Refused(400, "Webhook processing failed")
        return found

    def _at(self, path: tuple[str, ...]) -> Any:
        found: Any = self._value
        for name in path:
            if found is None:
                return None
            if not isinstance(found, dict):
                raise Refused(400, "Webhook processing failed")
            found = found.get(name)
        return found


def reduced(ref: str) -> str:
    """The name of a branch or tag without `refs/heads/`."""
    return ref.split("/", 2)[-1]
