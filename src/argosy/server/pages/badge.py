"""`/api/badge`: an image of an Application's or a project's state, public if enabled."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final

from argosy.cluster.http.exchange import Request, Response
from argosy.machinery.objects import JsonObject, Key
from argosy.server.context import ServerContext
from argosy.server.services.applications.access import is_enabled, project_of
from argosy.server.transport.front import Page
from argosy.server.transport.query import pairs

SVG: Final = "image/svg+xml"
HEADERS: Final = (("Cache-Control", "private, no-store"), ("Access-Control-Allow-Origin", "*"))
GREY, GREEN, PURPLE = "rgb(41, 52, 61)", "rgb(11, 97, 42)", "rgb(115, 31, 77)"
ORANGE, RED, BLUE = "rgb(189, 115, 0)", "rgb(167, 46, 38)", "rgb(16, 61, 102)"
HEALTH: Final = {"Degraded": RED, "Healthy": GREEN, "Missing": PURPLE, "Progressing": BLUE, "Unknown": PURPLE}
SYNC: Final = {"Synced": GREEN, "OutOfSync": ORANGE, "Unknown": PURPLE}
DARK, UNUSED = "#29343D", "#4c1"
WIDTH, LEFT, WITH_SHORT, WITH_WHOLE, ROW, LETTER = 131, 77, 192, 400, 20, 6
WIDEST: Final = 10_000
LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


@dataclass(slots=True)
class Badge:
    health: str = "Unknown"
    sync: str = "Unknown"
    revision: str = ""
    name: str = ""
    is_absent: bool = False


def badge(context: ServerContext) -> Page:
    async def page(request: Request, path: str, query: str) -> Response:
        asked: dict[str, list[str]] = {}
        for key, value in pairs(query):
            asked.setdefault(key, []).append(value)
        enabled = context.configuration.flag("statusbadge.enabled")
        if not enabled:
            return Response(200, _drawn(Badge(), {}).encode(), SVG, list(HEADERS), "")
        if not _is_valid(asked):
            return Response(400, b"", "", [], "")
        return Response(200, _drawn(_found(context, asked), asked).encode(), SVG, list(HEADERS), "")

    return page


def _is_valid(asked: dict[str, list[str]]) -> bool:
    namespace, name = asked.get("namespace", [""])[0], asked.get("name", [""])[0]
    if "namespace" in asked and not LABEL.fullmatch(namespace):
        return False
    if "name" in asked and (len(name) > 253 or not NAME.fullmatch(name)):
        return False
    return all(not project or LABEL.fullmatch(project.lower()) for project in asked.get("project", ()))


def _found(context: ServerContext, asked: dict[str, list[str]]) -> Badge:
    namespace = asked.get("namespace", [context.namespace])[0]
    if not is_enabled(context, namespace):
        return Badge(is_absent=True)
    found = Badge()
    apps = context.gitops.plane.applications
    if "name" in asked:
        app = apps.get(Key(namespace, asked["name"][0]))
        if app is None:
            return Badge(is_absent=True)
        found = _of_app(app)
    if projects := asked.get("project"):
        states = [_of_app(app) for app in apps.list(namespace) if project_of(app) in projects]
        if states:
            found.health = "Healthy" if all(item.health == "Healthy" for item in states) else "Degraded"
            found.sync = "Synced" if all(item.sync == "Synced" for item in states) else "OutOfSync"
    return found


def _of_app(app: JsonObject) -> Badge:
    status = app.get("status") or {}
    result = (status.get("operationState") or {}).get("syncResult") or {}
    revisions = result.get("revisions") or [result.get("revision") or ""]
    return Badge(
        health=str((status.get("health") or {}).get("status") or ""),
        sync=str((status.get("sync") or {}).get("status") or ""),
        revision=str(revisions[0]),
        name=str(app["metadata"]["name"]),
    )


def _drawn(found: Badge, asked: dict[str, list[str]]) -> str:
    left, right = HEALTH.get(found.health, GREY), SYNC.get(found.sync, GREY)
    texts = ("Not Found", "") if found.is_absent else (found.health, found.sync)
    full_revision, shown, total = _is_true(asked, "keepFullRevision"), "", WIDTH
    if _is_true(asked, "revision") and found.revision and not found.is_absent:
        is_short = not full_revision and len(found.revision) > 7
        shown, total = found.revision[:7] if is_short else found.revision, WITH_SHORT if is_short else WITH_WHOLE
    given = asked.get("width", [""])[0]
    if given.isdecimal() and int(given) <= WIDEST:
        total = int(given)
    title = found.name if _is_true(asked, "showAppName") else ""
    if title:
        total = max(total, len(title) * LETTER)
    top = ROW if title else 0
    third = html.escape(f"({shown})") if shown else ""
    middle = WIDTH if shown else total
    hidden = "" if shown else ' display="none"'
    return (
        f'<svg width="{total}" height="{ROW + top}" xmlns="http://www.w3.org/2000/svg">'
        f'<clipPath id="corners"><rect width="100%" height="100%" rx="3"/></clipPath>'
        f'<g clip-path="url(#corners)">'
        f"{_box('title', DARK, 0, 0, total if title else 0)}{_box('left', left, 0, top, LEFT)}"
        f"{_box('right', right, LEFT, top, max(middle - LEFT, 0))}"
        f"{_box('revision', right if shown else UNUSED, WIDTH, top, max(total - WIDTH, 0), hidden)}</g>"
        '<g fill="#fff" font-family="DejaVu Sans, sans-serif" font-size="9">'
        f"{_text('title', html.escape(title), 5, 0, 'start')}{_text('left', html.escape(texts[0]), 38, top)}"
        f"{_text('right', html.escape(texts[1]), (LEFT + middle) // 2, top)}"
        f"{_text('revision', third, (WIDTH + total) // 2, top)}</g></svg>"
    )


def _box(name: str, fill: str, x: int, y: int, width: int, more: str = "") -> str:
    return f'<rect id="{name}Rect" fill="{fill}" x="{x}" y="{y}" width="{width}" height="{ROW}"{more}/>'


def _text(name: str, text: str, x: int, y: int, anchor: str = "middle") -> str:
    return f'<text id="{name}Text" x="{x}" y="{y + 13}" text-anchor="{anchor}">{text}</text>'


def _is_true(asked: dict[str, list[str]], name: str) -> bool:
    return asked.get(name, [""])[0].lower() == "true"
