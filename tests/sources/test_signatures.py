"""The policy and the verdict: tables of gpg's words, keys and projects."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.argoproj.project import AppProjectSpec
from argosy.apis.schema import read
from argosy.sources.port import Rejected
from argosy.sources.signatures import (
    GOOD,
    Policy,
    Signature,
    is_sealed,
    parse_status,
    policy_of,
    problems,
    short_id,
    split_commit,
    split_tag,
)

A, B = "AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB"
REVISION = "1" * 40


def signature(result: str = GOOD, key: str = A, primary: str = "", revision: str = REVISION) -> Signature:
    return Signature(revision=revision, author="N <n@x>", result=result, key_id=key, primary_id=primary)


@pytest.mark.parametrize(
    ("found", "keys", "expected"),
    [
        (signature(), [A], ""), (signature(), ["0x" + A.lower()], ""), (signature(), ["F" * 24 + A], ""),
        (signature(), [A[-8:]], ""), (signature(key=B, primary=A), [A], ""),
        (signature(key=B), [A], f"signed with unallowed key (key_id={B})"),
        (signature(), [], f"signed with unallowed key (key_id={A})"),
        (signature(), ["", "A"], f"signed with unallowed key (key_id={A})"),
        (signature("unsigned", ""), [A], "unsigned (key_id=)"),
        (signature("bad signature"), [A], f"bad signature (key_id={A})"),
    ],
)  # fmt: skip
def test_only_a_good_signature_by_a_named_key_is_accepted(found: Signature, keys: list[str], expected: str) -> None:
    told = problems(Policy(mode="head", keys=tuple(keys)), [found])
    assert told == ([f"Failed verifying revision {REVISION} by 'N <n@x>': {expected}"] if expected else [])


def test_ten_problems_are_reported_and_each_key_once() -> None:
    many = [signature("unsigned", "", revision=str(n)) for n in range(20)]
    assert len(problems(Policy(mode="strict", keys=(A,)), many)) == 10
    assert len(problems(Policy(mode="strict", keys=(A,)), [signature(key=B), signature(key=B), signature()])) == 1


VALID = f"[GNUPG:] VALIDSIG {'0' * 24}{A} 2026 1 0 4 0 22 8 00 {'0' * 24}{B}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG {A} x\n{VALID}", (GOOD, A, B)),
        (f"[GNUPG:] GOODSIG {A} x\n", ("signature cannot be verified", A, "")),
        (f"[GNUPG:] GOODSIG {A} x\n{VALID}[GNUPG:] BADSIG {B} y\n", ("signature cannot be verified", B, "")),
        (f"[GNUPG:] BADSIG {A} x", ("bad signature", A, "")),
        (f"[GNUPG:] EXPKEYSIG {A} x\n{VALID}", ("signed with expired key", A, B)),
        (f"[GNUPG:] REVKEYSIG {A} x", ("signed with revoked key", A, "")),
        (f"[GNUPG:] EXPSIG {A} x", ("expired signature", A, "")),
        (f"[GNUPG:] ERRSIG {A} 22 8 00 1 9 -", ("signed with key not in keyring", A, "")),
        (f"[GNUPG:] ERRSIG {A} 22 2 00 1 5 -", ("signature cannot be verified", A, "")),
        (f"x [GNUPG:] GOODSIG {A} x\n", ("signature cannot be verified", "", "")),
        ("", ("signature cannot be verified", "", "")),
    ],
)
def test_gpgs_words_are_read(text: str, expected: tuple[str, str, str]) -> None:
    assert parse_status(text) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, None),
        ({"signatureKeys": [{"keyID": A}]}, Policy(mode="head", keys=(A,))),
        ({"repos": [{"url": "*"}]}, Policy(mode="strict", keys=(A,))),
        ({"repos": [{"url": "https://git.example.com/team/*"}]}, Policy(mode="strict", keys=(A,))),
        ({"repos": [{"url": "https://git.example.com/other/*"}]}, None),
        ({"repos": [{"url": "*"}, {"url": "!https://git.example.com/team/*"}]}, None),
    ],
)  # fmt: skip
def test_a_project_names_the_policy_of_a_repository(spec: dict[str, Any], expected: Policy | None) -> None:
    if "repos" in spec:
        gpg = {"mode": "strict", "keys": [A]}
        spec = {"sourceIntegrity": {"git": {"policies": [{"repos": spec["repos"], "gpg": gpg}]}}}
    assert policy_of(read(AppProjectSpec, spec), "https://git.example.com/team/app.git") == expected


@pytest.mark.parametrize("mode", ["", "Strict", "heads", None])
def test_a_mode_that_is_none_is_an_error_and_not_none(mode: str | None) -> None:
    policy = {"repos": [{"url": "*"}], "gpg": {"mode": mode, "keys": [A]}}
    with pytest.raises(Rejected, match="must be none, head or strict"):
        policy_of(read(AppProjectSpec, {"sourceIntegrity": {"git": {"policies": [policy]}}}), "https://x/y")


@pytest.mark.parametrize("repos", ["*", {"url": "*"}])
def test_repositories_that_are_no_list_are_an_error_and_no_way_around_the_policy(repos: Any) -> None:
    policy = {"repos": repos, "gpg": {"mode": "strict", "keys": [A]}}
    with pytest.raises(Rejected, match="repos must be a list"):
        policy_of(read(AppProjectSpec, {"sourceIntegrity": {"git": {"policies": [policy]}}}), "https://x/y")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("s\n\nArgocd-gpg-seal: reason", True), ("s\n\nARGOCD-GPG-SEAL: x\nSigned-off-by: y", True), ("s\n\nb", False),
        ("s\n\nArgocd-gpg-seal:", False), ("s\n\nArgocd-gpg-seal: x\n\nlast", False),
    ],
)  # fmt: skip
def test_a_seal_is_a_trailer_with_a_reason(message: str, expected: bool) -> None:
    assert is_sealed(f"tree x\nauthor y\n\n{message}\n".encode()) is expected


def test_key_ids_and_objects_are_taken_apart() -> None:
    assert short_id("nonsense") == ""
    commit = b"tree t\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END\nencoding e\n\nm\n\ngpgsig no\n"
    assert split_commit(commit) == (
        b"tree t\nencoding e\n\nm\n\ngpgsig no\n", b"-----BEGIN PGP SIGNATURE-----\n\nx\n-----END",
    )  # fmt: skip
    assert split_tag(b"object o\n\nm\n-----BEGIN PGP SIGNATURE-----\nx") == (
        b"object o\n\nm\n", b"-----BEGIN PGP SIGNATURE-----\nx",
    )  # fmt: skip
    assert split_tag(b"object o\n\nm\n") == (b"object o\n\nm\n", b"")
