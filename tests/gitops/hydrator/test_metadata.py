"""What hydrated commits and files say; addresses and texts were checked against Go's own packages."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from argosy.gitops.hydrator.metadata import as_file, cleaned, for_readme, of_commit, of_path, shown_url
from argosy.sources.port import Described

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
P = "Argocd-reference-commit-"


def described(message: str, *trailers: str) -> Described:
    return Described(author="A <a@example.com>", authored_at=AT, message=message, trailers=trailers)


def test_a_commit_is_reported_in_upstreams_order_and_what_is_empty_is_left_out() -> None:
    found = as_file(of_commit("https://git.example/x", "abc", described("subject\n\nbody <&>\u2028")))
    assert found.decode() == (
        '{\n  "repoURL": "https://git.example/x",\n  "drySha": "abc",\n  "author": "A <a@example.com>",\n'
        '  "date": "2026-01-02T03:04:05Z",\n  "subject": "subject",\n  "body": "body <&>\\u2028\\n"\n}\n'
    )
    assert list(of_commit("r", "abc", described("subject"))) == ["repoURL", "drySha", "author", "date", "subject"]


def test_another_commit_is_referred_to_by_trailers_that_leave_the_body() -> None:
    lines = [
        f"{P}author: Author Name <author@example.com>", f"{P}sha: b82add298aa0", f"{P}subject: a change",
        f'{P}body: "made\\nit"', f"{P}repourl: https://git.example/code", f"{P}date: 2025-06-09T13:50:18-04:00",
    ]  # fmt: skip
    kept = "Signed-off-by: S <s@example.com>"
    found = of_commit("r", "abc", described("\n".join(["s", "", kept, *lines]), kept, *lines))
    assert found["body"] == f"{kept}\n"
    assert json.dumps(found["references"]) == json.dumps(
        [
            {
                "commit": {
                    "author": '"Author Name" <author@example.com>',
                    "date": "2025-06-09T13:50:18-04:00",
                    "subject": "a change",
                    "body": "made\nit",
                    "sha": "b82add298aa0",
                    "repoUrl": "https://git.example/code",
                }
            }
        ]
    )


@pytest.mark.parametrize(
    "line",
    [f"{P}sha: XYZ", f"{P}sha: abcd", f"{P}body: no JSON", f"{P}body: 7", f"{P}date: yesterday", f"{P}author: nobody",
     f"{P}other: x", f"{P}sha:abcdef", "Other: x"],
)  # fmt: skip
def test_a_wrong_trailer_stays_in_the_body(line: str) -> None:
    found = of_commit("r", "abc", described(f"s\n\n{line}", line))
    assert found["body"] == f"{line}\n"
    assert "references" not in found


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("author@example.com", "<author@example.com>"),
        ("Jörg Ö <j@x.de>", "=?utf-8?q?J=C3=B6rg_=C3=96?= <j@x.de>"),
        ("=?utf-8?q?J=C3=B6rg?= <j@x.de>", "=?utf-8?q?J=C3=B6rg?= <j@x.de>"),
        ('"Quo\\"ted" <q@x.de>', '"Quo\\"ted" <q@x.de>'),
    ],
)
def test_an_address_is_spelled_as_go_does(given: str, shown: str) -> None:
    line = f"{P}author: {given}"
    assert of_commit("r", "abc", described("s", line))["references"] == [{"commit": {"author": shown}}]


def test_the_last_of_two_trailers_counts() -> None:
    found = of_commit("r", "abc", described("s", f"{P}sha: aaaaaaa", f"{P}sha: bbbbbbb"))
    assert found["references"] == [{"commit": {"sha": "bbbbbbb"}}]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:canary@git.example:8443/x.git", "https://git.example:8443/x.git"),
        ("ssh://git:canary@git.example/x", "ssh://git@git.example/x"),
        ("git@git.example:x/y.git", "git@git.example:x/y.git"),
        ("https://git.example/x", "https://git.example/x"),
    ],
)
def test_no_credential_of_a_url_is_committed(url: str, shown: str) -> None:
    assert shown_url(url) == shown
    assert of_path(url, "abc", [])["repoURL"] == shown


def test_a_readme_sees_every_field() -> None:
    seen = for_readme(of_path("r", "abc", ["helm template ."]))
    assert seen == {
        "RepoURL": "r", "DrySHA": "abc", "Commands": ["helm template ."], "Author": "", "Date": "", "Subject": "",
        "Body": "", "References": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("message", "clean"),
    [("a\n\n\n\nb  \n\n", "a\n\nb\n"), ("\n\n x\n", " x\n"), ("a\n#b", "a\n#b\n"), ("  \n", ""), ("", "")],
)
def test_a_message_is_cleaned_as_git_does(message: str, clean: str) -> None:
    assert cleaned(message) == clean
