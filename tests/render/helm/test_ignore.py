"""`.helmignore`: which files of a chart are left out."""

from __future__ import annotations

import pytest

from argosy.render.helm.ignore import Ignored

RULES = "# a comment\n*.md\n/docs/*.txt\nci/\n{a,b}.yaml\n"


@pytest.mark.parametrize(
    ("path", "directory", "left_out"),
    [
        ("README.md", False, True),
        ("templates/deep/notes.md", False, True),
        ("docs/a.txt", False, True),
        ("other/docs/a.txt", False, False),
        ("ci", True, True),
        ("ci", False, False),
        ("templates/a.yaml", False, True),
        ("templates/ab.yaml", False, False),
        ("templates/.hidden", False, True),
        ("templates/web.yaml", False, False),
    ],
)
def test_a_file_is_left_out_by_any_rule(path: str, directory: bool, left_out: bool) -> None:
    assert Ignored(RULES)(path, directory=directory) is left_out


def test_a_rule_turned_round_leaves_out_all_else() -> None:
    ignored = Ignored("!*.yaml\n*.md")
    assert [ignored(name, directory=False) for name in ("a.yaml", "a.md", "a.txt")] == [False, True, True]


def test_many_long_rules_hold_together() -> None:
    ignored = Ignored("\n".join(f"{'?' * 400}{number}.md" for number in range(150)))
    assert ignored(f"{'x' * 400}149.md", directory=False)
    assert not ignored("149.md", directory=False)
