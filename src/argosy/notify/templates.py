"""From templates to one notification: texts are rendered, blocks of several templates are merged.

Source: spec/notifications.md D5. Rendered in the order of `send`; a later message wins if it is not empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from argosy.expr import go_values
from argosy.expr.gotemplate import GoTemplateError, GoTemplates
from argosy.machinery.objects import JsonObject
from argosy.notify.configuration import ConfigurationError, text_of

LITERAL: Final[Mapping[str, frozenset[str]]] = {
    "slack": frozenset({"deliveryPolicy", "notifyBroadcast"}),
    "github": frozenset({"autoMerge", "transientEnvironment"}),
}
"""Fields that are not templates. A webhook's method is the only one a level deeper."""
KEEP_OLDER: Final = frozenset({"email", "teams", "teams-workflows", "googlechat"})
"""In these blocks only non-empty fields overwrite; for the others the later block replaces the earlier one."""

Notification = dict[str, Any]
"""`message`, and a block for each service that has one."""


class TemplateFailed(Exception):
    """The text is for users; the template's input is not in it."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Caches the compiled templates of a process."""

    engine: GoTemplates = field(repr=False)

    @classmethod
    def of(cls, now: Callable[[], datetime], entropy: Callable[[int], bytes]) -> Renderer:
        return cls(GoTemplates(now, entropy, calls=True))

    def notification(
        self, names: Sequence[str], templates: Mapping[str, JsonObject], variables: Mapping[str, Any]
    ) -> Notification:
        """Raises TemplateFailed."""
        given = go_values.shown(variables)
        found: Notification = {}
        for name in names:
            if name not in templates:
                raise TemplateFailed(f"template '{name}' is not supported")
            self._lay(found, name, templates[name], given)
        return found

    def _lay(self, found: Notification, name: str, template: JsonObject, given: Any) -> None:
        try:
            for key, block in template.items():
                rendered = self._block(key, block, given)
                if key == "message":
                    found[key] = rendered or found.get(key, "")
                else:
                    found[key] = _over(key, found.get(key), rendered)
        except (GoTemplateError, ConfigurationError) as error:
            detail = "it failed; what it says may quote a secret" if ".secrets" in str(template) else str(error)
            raise TemplateFailed(f"template '{name}': {detail}") from None

    def _block(self, key: str, block: Any, given: Any) -> Any:
        if key == "message":
            return self.engine.render(text_of(block), given)
        if key == "webhook" and isinstance(block, dict):
            return {name: self._fields(one, given, frozenset({"method"})) for name, one in block.items()}
        return self._fields(block, given, LITERAL.get(key, frozenset()))

    def _fields(self, value: Any, given: Any, literal: frozenset[str]) -> Any:
        if isinstance(value, dict):
            return {key: item if key in literal else self._fields(item, given, literal) for key, item in value.items()}
        if isinstance(value, list):
            return [self._fields(item, given, literal) for item in value]
        return self.engine.render(value, given) if isinstance(value, str) else value


def _over(key: str, older: Any, newer: Any) -> Any:
    if not isinstance(older, dict) or not isinstance(newer, dict):
        return newer
    if key == "webhook":
        return {**older, **newer}
    if key in KEEP_OLDER:
        return {**older, **{name: value for name, value in newer.items() if value not in ("", None, [], {})}}
    return newer
