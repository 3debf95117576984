"""The message for a missing key, compared with those that Go 1.24's text/template printed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.expr.gotemplate import GoTemplates, MissingKeyError
from argosy.expr.missing_keys import go_message


@pytest.mark.parametrize(
    ("source", "parameters", "message"),
    [
        ("{{.n}}", {}, 'base:1:2: executing "base" at <.n>: map has no entry for key "n"'),
        ("a\nb {{ .a.b }}", {"a": {}}, 'base:2:7: executing "base" at <.a.b>: map has no entry for key "b"'),
        ("{{ .a.b.c }}", {"a": {"b": {}}}, 'base:1:5: executing "base" at <.a.b.c>: map has no entry for key "c"'),
        (
            "{{ range .l }}{{ .z }}{{ end }}",
            {"l": [{}]},
            'base:1:17: executing "base" at <.z>: map has no entry for key "z"',
        ),
        (
            "{{ printf .averyverylongname.x }}",
            {},
            'base:1:28: executing "base" at <.averyverylongname.x>: map has no entry for key "averyverylongname"',
        ),
        ("{{ $.q }}", {}, 'base:1:4: executing "base" at <$.q>: map has no entry for key "q"'),
        ("{{ $.q.r }}", {"q": {}}, 'base:1:4: executing "base" at <$.q.r>: map has no entry for key "r"'),
        ("é{{ .n }}", {}, 'base:1:5: executing "base" at <.n>: map has no entry for key "n"'),
    ],
)
def test_a_missing_key_is_reported_in_the_words_of_go(source: str, parameters: Any, message: str) -> None:
    templates = GoTemplates(lambda: datetime(2026, 1, 1, tzinfo=UTC), bytes, name="base")
    with pytest.raises(MissingKeyError) as error:
        templates.render(source, parameters, missing_key="error")
    assert str(error.value) == f"template: {message}"


def test_other_messages_stay_as_they_are() -> None:
    assert go_message("template: template:1:3: something else", "{{ .a }}", "base").endswith("something else")
