"""How an operator wants the page to look: the banner, the help, and the values of design tokens.

Keys of `argocd-cm`: Argo CD's `ui.banner*` and `help.*`; `ui.tokens` is Argosy's own and does what `ui.cssurl` is used
for, without a style sheet of another site. Source: spec/web.md 2, spec/argo-cd-engine-2.md 13.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypedDict

from argosy.machinery.text.yaml import YamlError, load

log = logging.getLogger(__name__)
COLOURS: Final = frozenset(
    {"page", "panel", "raised", "line", "line-strong", "text", "muted", "accent", "accent-text", "accent-soft"}
    | {f"{state}{soft}" for state in ("ok", "busy", "attention", "broken") for soft in ("", "-soft")}
    | {"added", "removed"}
)
LENGTHS: Final = frozenset({"radius", "gap"})
FONTS: Final = frozenset({"font", "mono"})
COLOUR: Final = re.compile(r"#[0-9a-fA-F]{3,8}|(?:rgb|hsl|oklch)\([0-9a-z.,%/ ]{1,60}\)")
LENGTH: Final = re.compile(r"\d{1,3}(?:\.\d{1,2})?(?:px|rem|em)")
FONT: Final = re.compile(r"[A-Za-z0-9 ,\"'-]{1,200}")
DARK: Final = "dark"


class Tokens(TypedDict):
    """Values of design tokens by name, without the leading `--`; colours of `light` are not those of `dark`."""

    light: dict[str, str]
    dark: dict[str, str]


class Banner(TypedDict):
    """`url`: where its text leads; `position`: `top`, `bottom` or `both`. One that is not permanent can be closed."""

    content: str
    url: str
    permanent: bool
    position: str


class Help(TypedDict):
    """`downloads`: addresses of the command, by platform."""

    chatUrl: str
    chatText: str
    downloads: dict[str, str]


def tokens_of(settings: Mapping[str, str]) -> Tokens:
    return _reported(settings.get("ui.tokens", ""))


@lru_cache(maxsize=4)
def _reported(text: str) -> Tokens:
    """The log names the problems once for each text."""
    tokens, problems = read_tokens(text)
    for problem in problems:
        log.warning("argocd-cm: %s", problem)
    return tokens


def read_tokens(text: str) -> tuple[Tokens, tuple[str, ...]]:
    """The valid ones, and for each other one a sentence that names it and what would be right."""
    try:
        found: Any = load(text.encode()) if text else {}
    except YamlError as error:
        return {"light": {}, "dark": {}}, (f"ui.tokens: not YAML: {error}",)
    if not isinstance(found, dict):
        return {"light": {}, "dark": {}}, ("ui.tokens: it must be a map of tokens, such as `accent: '#0a6d5a'`",)
    given = found.get(DARK)
    light, problems = _valid({name: value for name, value in found.items() if name != DARK}, "")
    dark, more = _valid(given, "dark.") if isinstance(given, dict) else ({}, [])
    if given is not None and not isinstance(given, dict):
        more = ["ui.tokens: dark: it must be a map of tokens"]
    sizes = {name: value for name, value in light.items() if name not in COLOURS}
    return {"light": light, "dark": sizes | dark}, (*problems, *more)


def _valid(given: Mapping[Any, Any], where: str) -> tuple[dict[str, str], list[str]]:
    valid: dict[str, str] = {}
    problems = []
    for name, value in given.items():
        expected, form = _form_of(str(name))
        if form is None:
            known = ", ".join(sorted(COLOURS | LENGTHS | FONTS))
            problems.append(f"ui.tokens: {where}{name}: there is no such token; there are {known}")
        elif not isinstance(value, str) or not form.fullmatch(value):
            problems.append(f"ui.tokens: {where}{name}: {value!r} is not {expected}")
        else:
            valid[str(name)] = value
    return valid, problems


def _form_of(name: str) -> tuple[str, re.Pattern[str] | None]:
    if name in COLOURS:
        return "a colour, such as '#0a6d5a' or 'rgb(10 109 90)'", COLOUR
    if name in LENGTHS:
        return "a length, such as '6px' or '0.5rem'", LENGTH
    if name in FONTS:
        return "a list of font names", FONT
    return "", None


def banner_of(settings: Mapping[str, str]) -> Banner | None:
    content = settings.get("ui.bannercontent", "").strip()
    if not content:
        return None
    position = settings.get("ui.bannerposition", "")
    return {
        "content": content,
        "url": settings.get("ui.bannerurl", ""),
        "permanent": settings.get("ui.bannerpermanent") == "true",
        "position": position if position in ("bottom", "both") else "top",
    }


def help_of(settings: Mapping[str, str]) -> Help:
    url, prefix = settings.get("help.chatUrl", ""), "help.download."
    return {
        "chatUrl": url,
        "chatText": settings.get("help.chatText", "") or ("Chat now!" if url else ""),
        "downloads": {key.removeprefix(prefix): value for key, value in settings.items() if key.startswith(prefix)},
    }
