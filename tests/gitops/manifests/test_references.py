"""What a value file's `$name` may refer to."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.gitops.manifests.references import Resolved, check, names_of
from argosy.sources.port import Rejected

ONE, TWO = "https://git.example/one.git", "https://git.example/two"

DIFFERENT = (
    'cannot reference a different revision of the same repository ($v references "main" which resolves to "2" '
    'while the application references "main" which resolves to "1")'
)
SEVERAL = (
    'cannot reference multiple revisions for the same repository ($w references "main" while $v references "main")'
)


def chart(url: str, revision: str, *files: str, **more: Any) -> Resolved:
    return Resolved(
        read(Source, {"repoURL": url, "targetRevision": "main", "helm": {"valueFiles": list(files)}, **more}), revision
    )


def test_names_are_unique_words() -> None:
    assert names_of(
        [
            read(Source, one)
            for one in (
                {"ref": "a"},
                {"path": "x"},
                {"ref": "b-_1"},
            )
        ]
    ) == {"a": 0, "b-_1": 2}
    with pytest.raises(Rejected, match="multiple sources had the same `ref` key 'a'"):
        names_of(
            [
                read(Source, one)
                for one in (
                    {"ref": "a"},
                    {"ref": "a"},
                )
            ]
        )
    with pytest.raises(Rejected, match="invalid ref key 'a/b'"):
        names_of([read(Source, one) for one in ({"ref": "a/b"},)])


@pytest.mark.parametrize(
    ("source", "named", "problem"),
    [
        (chart(ONE, "1", "$v/x"), {"v": chart(TWO, "2")}, ""),
        (chart(ONE, "1", "$v/x"), {"v": chart(ONE, "1")}, ""),
        (chart(ONE, "1", "$v/x"), {"v": chart(ONE.removesuffix(".git"), "2")},
         DIFFERENT),
        (chart(ONE, "1", "x"), {"v": chart(ONE, "2")}, ""),
        (chart(ONE, "1", "$v/x", "$w/y"), {"v": chart(TWO, "2"), "w": chart(f"{TWO}.git", "3")},
         SEVERAL),
        (chart(ONE, "1", "$v/x", "$w/y"), {"v": chart(TWO, "2"), "w": chart(TWO, "2")}, ""),
        (chart(ONE, "1", "$v/x"), {"v": chart(TWO, "2", chart="c")}, "the 'chart' field is not supported for 'ref'"),
        (chart(ONE, "1.2.3", "$v/x", chart="c"), {"v": chart(ONE, "2")}, ""),
        (chart(ONE, "1", "$ARGOCD_APP_NAME/x"), {}, ""),
        (chart(ONE, "1", helm={"fileParameters": [{"name": "n", "path": "$v/x"}]}), {"v": chart(ONE, "2")},
         "a different revision"),
    ],
)  # fmt: skip
def test_a_repository_is_read_at_one_revision(source: Resolved, named: dict[str, Resolved], problem: str) -> None:
    if not problem:
        check(source, named)
        return
    with pytest.raises(Rejected) as refused:
        check(source, named)
    assert problem in str(refused.value)
