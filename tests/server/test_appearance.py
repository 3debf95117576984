"""How an operator wants the page to look: what is accepted, and what is named as wrong."""

from __future__ import annotations

import pytest

from argosy.server.appearance import banner_of, read_tokens


def test_sizes_are_of_both_themes_and_colours_of_one() -> None:
    tokens, problems = read_tokens("accent: '#0a6d5a'\nmuted: '#123'\nradius: 0px\ndark:\n  accent: rgb(95 214 189)\n")
    assert tokens["light"] == {"accent": "#0a6d5a", "muted": "#123", "radius": "0px"}
    assert tokens["dark"] == {"accent": "rgb(95 214 189)", "radius": "0px"}
    assert problems == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("accent: red}*{display:none", "accent: 'red}*{display:none' is not a colour"),
        ("accent: url(https://evil.example)", "is not a colour"),
        ("accent: 12", "accent: 12 is not a colour"),
        ("dark:\n  gap: 1000000px", "dark.gap: '1000000px' is not a length"),
        ("colour: '#fff'", "colour: there is no such token; there are accent, "),
        ("[]", "it must be a map of tokens"),
        ("dark: '#fff'", "dark: it must be a map of tokens"),
        ("a: [", "not YAML"),
    ],
)
def test_what_is_wrong_is_left_out_and_named(text: str, problem: str) -> None:
    tokens, problems = read_tokens(f"muted: '#123456'\n{text}" if text[0] != "[" else text)
    assert problem in problems[0]
    assert tokens["light"] in ({"muted": "#123456"}, {})


@pytest.mark.parametrize(
    ("settings", "position"),
    [({}, "top"), ({"ui.bannerposition": "bottom"}, "bottom"), ({"ui.bannerposition": "nowhere"}, "top")],
)
def test_a_banner_is_at_the_top_unless_its_position_is_known(settings: dict[str, str], position: str) -> None:
    found = banner_of({"ui.bannercontent": "Maintenance", **settings})
    assert found == {"content": "Maintenance", "url": "", "permanent": False, "position": position}
    assert banner_of(settings) is None
