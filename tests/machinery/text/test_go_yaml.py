"""What Go's yaml.v3 prints for the same objects (recorded from go.yaml.in/yaml/v3 v3.0.6, indent 2)."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.machinery.text.go_yaml import dump_all
from argosy.machinery.text.yaml import load_documents

RECORDED: dict[str, tuple[list[Any], str]] = {
    "collections are indented by two, lists too": (
        [{"kind": "K", "a": ["x", {"b": 1, "c": [], "d": {}}, ["p", "q"]], "z": {"k": {"n": None, "t": True}}}],
        (
            "a:\n"
            "  - x\n"
            "  - b: 1\n"
            "    c: []\n"
            "    d: {}\n"
            "  - - p\n"
            "    - q\n"
            "kind: K\n"
            "z:\n"
            "  k:\n"
            '    "n": null\n'
            "    t: true\n"
        ),
    ),
    "documents are parted": (
        [{"kind": "K"}, {"kind": "L"}],
        ("kind: K\n---\nkind: L\n"),
    ),
    "keys are in natural order": (
        [{"kind": "K", "a10": 1, "a2": 2, "a02": 3, "A": 4, "_": 5, "b/c": 6, "a": 7, "\xe9": 8}],
        ("_: 5\nA: 4\na: 7\na2: 2\na02: 3\na10: 1\nb/c: 6\nkind: K\n\xe9: 8\n"),
    ),
    "words that some reader takes for something else are quoted": (
        [
            {
                "kind": "K",
                "v": [
                    "yes",
                    "no",
                    "on",
                    "y",
                    "true",
                    "null",
                    "~",
                    "",
                    "1",
                    "01",
                    "0x1f",
                    "0o7",
                    "1_000",
                    "1e3",
                    ".5",
                    "1.",
                    "12:30",
                    "2024-01-02",
                    "2024-13-02",
                    "2024-01-02T03:04:05Z",
                    "<<",
                    "=",
                    "v1",
                    "1.2.3",
                ],
            }
        ],
        (
            "kind: K\n"
            "v:\n"
            '  - "yes"\n'
            '  - "no"\n'
            '  - "on"\n'
            '  - "y"\n'
            '  - "true"\n'
            '  - "null"\n'
            '  - "~"\n'
            '  - ""\n'
            '  - "1"\n'
            '  - "01"\n'
            '  - "0x1f"\n'
            '  - "0o7"\n'
            '  - "1_000"\n'
            '  - "1e3"\n'
            '  - ".5"\n'
            '  - "1."\n'
            '  - "12:30"\n'
            '  - "2024-01-02"\n'
            "  - 2024-13-02\n"
            '  - "2024-01-02T03:04:05Z"\n'
            '  - "<<"\n'
            "  - =\n"
            "  - v1\n"
            "  - 1.2.3\n"
        ),
    ),
    "indicators are quoted": (
        [
            {
                "kind": "K",
                "v": [
                    "a: b",
                    "a:",
                    "#x",
                    "x #y",
                    "- a",
                    "-a",
                    "?",
                    "*a",
                    "@a",
                    "%a",
                    "a\tb",
                    " a",
                    "a ",
                    "it's",
                    "'q'",
                    '"q"',
                    "{a}",
                    "a,b",
                    "---x",
                ],
            }
        ],
        (
            "kind: K\n"
            "v:\n"
            "  - 'a: b'\n"
            "  - 'a:'\n"
            "  - '#x'\n"
            "  - 'x #y'\n"
            "  - '- a'\n"
            "  - -a\n"
            "  - '?'\n"
            "  - '*a'\n"
            "  - '@a'\n"
            "  - '%a'\n"
            '  - "a\\tb"\n'
            "  - ' a'\n"
            "  - 'a '\n"
            "  - it's\n"
            "  - '''q'''\n"
            "  - '\"q\"'\n"
            "  - '{a}'\n"
            "  - a,b\n"
            "  - '---x'\n"
        ),
    ),
    "several lines are a block where that is exact": (
        [
            {
                "kind": "K",
                "v": ["a\nb\n", "a\nb", "a\n\n", "\n", " a\nb\n", "a \nb\n", "a\n b\n", "tab\t\nx\n", "a\rb\nc\n"],
            }
        ],
        (
            "kind: K\n"
            "v:\n"
            "  - |\n"
            "    a\n"
            "    b\n"
            "  - |-\n"
            "    a\n"
            "    b\n"
            "  - |+\n"
            "    a\n"
            "\n"
            "  - |2+\n"
            "\n"
            "  - |2\n"
            "     a\n"
            "    b\n"
            '  - "a \\nb\\n"\n'
            "  - |\n"
            "    a\n"
            "     b\n"
            "  - |\n"
            "    tab\t\n"
            "    x\n"
            '  - "a\\rb\\nc\\n"\n'
        ),
    ),
    "what cannot be printed is escaped": (
        [{"kind": "K", "v": ["\xe9", "\U0001f600", "\x07", "\x7f", "\xa0", "\u2028x", "\ufeffa", "\x85"]}],
        (
            "kind: K\n"
            "v:\n"
            "  - \xe9\n"
            '  - "\\U0001F600"\n'
            '  - "\\a"\n'
            '  - "\\x7F"\n'
            "  - \xa0\n"
            "  - '\u2028    x'\n"
            '  - "\\uFEFF\\x61"\n'
            '  - "\\N"\n'
        ),
    ),
    "numbers are as Go prints them": (
        [
            {
                "kind": "K",
                "v": [
                    0,
                    -1,
                    9007199254740993,
                    1.5,
                    0.1,
                    1234567.5,
                    123456.5,
                    1e-05,
                    1e20,
                    1e21,
                    -2.5e-09,
                    18446744073709551615,
                    1e300,
                ],
            }
        ],
        (
            "kind: K\n"
            "v:\n"
            "  - 0\n"
            "  - -1\n"
            "  - 9007199254740993\n"
            "  - 1.5\n"
            "  - 0.1\n"
            "  - 1.2345675e+06\n"
            "  - 123456.5\n"
            "  - 1e-05\n"
            "  - 1e+20\n"
            "  - 1e+21\n"
            "  - -2.5e-09\n"
            "  - 1.8446744073709552e+19\n"
            "  - 1e+300\n"
        ),
    ),
    "long keys stand alone": (
        [
            {
                "kind": "K",
                "k" * 129: {"a": 1},
                "k" * 128: ["x"],
                "l" * 130: "v",
            }
        ],
        ("kind: K\n" + "k" * 128 + ":\n  - x\n? " + "k" * 129 + "\n: a: 1\n? " + "l" * 130 + "\n: v\n"),
    ),
}


@pytest.mark.parametrize("name", RECORDED)
def test_a_text_is_the_one_that_go_writes(name: str) -> None:
    documents, text = RECORDED[name]
    assert dump_all(documents) == text


def test_nothing_is_no_text() -> None:
    assert dump_all([]) == ""


TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc"), whitelist_characters="\n\t"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(TEXT, VALUES, min_size=1, max_size=4), min_size=1, max_size=3))
def test_what_is_written_is_read_back(documents: list[Any]) -> None:
    text = dump_all(documents)
    begins_with_tab = re.search(r"[|][+-]?\n +\t", text)  # yaml.v3 does not read this back either
    if not begins_with_tab and not any(char in text for char in "\x85\u2028\u2029\ufeff"):
        assert load_documents(text) == documents


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back(number: float) -> None:
    [document] = load_documents(dump_all([{"n": number}]))
    assert isinstance(document, dict)
    read = document["n"]
    assert isinstance(read, int | float)
    assert math.isclose(read, number, rel_tol=1e-15)
