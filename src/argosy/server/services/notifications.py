"""notification.NotificationService: the names of triggers, templates and services, for every signed-in user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load
from argosy.server.calls import Call, Route, sign_in
from argosy.server.context import ServerContext
from argosy.server.errors import unknown

CONFIG: Final = "argocd-notifications-cm"
SERVICE: Final = "notification.NotificationService"


def notification_routes(context: ServerContext) -> dict[str, Route]:
    """Any sign-in suffices: the names are not secret, and subscription forms need them."""
    parts = {"ListTriggers": "trigger.", "ListTemplates": "template.", "ListServices": "service."}
    return {
        f"{SERVICE}/{method}": Route(needs=sign_in(), unary=_listing(context, prefix))
        for method, prefix in parts.items()
    }


def _listing(context: ServerContext, prefix: str) -> Callable[[Call], Awaitable[JsonObject]]:
    async def answer(call: Call) -> JsonObject:
        config = context.configuration.config_map(CONFIG)
        _check(config)
        names = {_name(key.removeprefix(prefix), prefix) for key in config if key.startswith(prefix)}
        return {"items": [{"name": name} for name in sorted(names)]}

    return answer


def _name(rest: str, prefix: str) -> str:
    """A service may have a type and a name; the name identifies it."""
    return rest.rpartition(".")[2] if prefix == "service." else rest


def _check(config: object) -> None:
    """One invalid entry makes the whole configuration unusable, so report it."""
    for key, text in dict(config).items():  # type: ignore[call-overload]
        kind, dot, name = key.partition(".")
        if dot and kind in ("trigger", "template", "service"):
            try:
                load(str(text).encode())
            except YamlError as error:
                raise unknown(
                    f"errors getting apis: [failed to unmarshal {kind} {name}: error converting YAML to JSON: {error}]"
                ) from None
