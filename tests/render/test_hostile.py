"""Hostile paths at every place where a source names a file (spec/security.md rule 1), and links out of the root."""

from __future__ import annotations

import re
from typing import Any

import pytest

from argosy.render.port import RenderError
from argosy.sources.port import SourceError

CANARY = "canary-90fe"
PATHS = [
    "..", "../..", "../../x", "../../../../etc/passwd", "a/../../..", "../../../x", "./../../x", ".//..//../x",
    "a/../../../secret", "....//../../../x", "/..", "/../x", "//../../x", "/a/../../x", "~", "~/x", "~root/x", "..\\x",
    "..\\..\\x", "C:\\x", "C:/x", "\\\\host\\share", "a\x00", "a\x00/../x", "a\nb", "a\tb", "\x1b[31m", "a\x7fb",
    ".git",
    ".git/config", "/.git/config", "a/.git/config", ".GIT/config", ".Git/HEAD", "a/.GIT", ".git /x", ".git./x",
    "git~1/config", "GIT~1", ".g\u200cit/config", "\ufeff.git", ".git\u200b", ".git::$INDEX_ALLOCATION/x", ".git:x",
    "\uff0egit/config", "a/../.git/config", "x" * 5000, "/etc/passwd", "/proc/self/environ", "/dev/stdin",
    "//etc/passwd",
    "out", "out/secret", "/out", "/out/secret", "app/../out/x", "up/up/x", "loop", "loop/x", "$x", "$", "$/x", "$../x",
    "$a b/x", "file:///etc/passwd", "gopher://127.0.0.1/", "ssh://h/x", "ftp://h/x",
]  # fmt: skip

CHART = {
    "app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "app/templates/a.yaml": "apiVersion: v1\nkind: C\nmetadata: {name: a}\nx: {{ .Values | toJson | quote }}\n",
    ".git/config": CANARY,
}
LINKS = {
    "out": "/etc", "app/out": "../../outside", "app/up": "..", "up": "app/../..", "loop": "loop", "app/loop": "loop",
}  # fmt: skip


def sources(path: str) -> dict[str, dict[str, Any]]:
    return {
        "value file": {"helm": {"valueFiles": [path]}},
        "value glob": {"helm": {"valueFiles": [f"{path}*"]}},
        "file parameter": {"helm": {"fileParameters": [{"name": "x", "path": path}]}},
        "reference": {"helm": {"valueFiles": [f"$other/{path}"]}},
        "source path": {"path": path},
    }


@pytest.mark.parametrize("place", sorted(sources("")))
def test_no_place_that_names_a_file_lets_one_out(shared_bench: Any, make_tree: Any, place: str) -> None:
    assert len(set(PATHS)) >= 60
    files = {path: text for path, text in CHART.items() if not path.startswith(".git")}
    where = make_tree(files, links=LINKS)
    other = make_tree({"v.yaml": "a: 1"}, links={"out": "/etc", "loop": "loop"})
    for path in PATHS:
        with pytest.raises((RenderError, SourceError)) as refused:
            shared_bench.render(where, source=sources(path)[place], refs={"other": other})
        assert CANARY not in str(refused.value), path
        assert not re.search(r"root:|/bin/", str(refused.value)), path


@pytest.mark.parametrize("target", ["../..", "../../../x", "/etc", "../../.git", "\\x"])
def test_a_chart_dependency_cannot_lie_outside(shared_bench: Any, target: str) -> None:
    text = CHART["app/Chart.yaml"] + f"dependencies:\n- {{name: d, version: 1.0.0, repository: 'file://{target}'}}\n"
    files = {"app/Chart.yaml": text, "app/templates/a.yaml": CHART["app/templates/a.yaml"]}
    with pytest.raises(RenderError):
        shared_bench.render(files)


def test_a_link_out_of_the_root_in_a_chart_is_refused(shared_bench: Any, make_tree: Any) -> None:
    files = {path: text for path, text in CHART.items() if not path.startswith(".git")}
    with pytest.raises((RenderError, SourceError), match="symlink leaves the root"):
        shared_bench.render(make_tree(files, links={"app/templates/x.yaml": "../../../etc/passwd"}))
