"""Commits and tags signed by the real gpg program, in real repositories."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.git.signing import GitSignatures
from argosy.sources.port import Credentials, Rejected, Unavailable
from argosy.sources.signatures import Mode, Policy
from tests.kit.signers import Signers, signing

pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")


@pytest.fixture(scope="module")
def signers() -> Iterator[Signers]:
    with signing("good", "other") as made:
        yield made


class Bench:
    def __init__(self, repository: Any, directory: Path, clock: Any, signers: Signers) -> None:
        self.repository, self.signers = repository, signers
        self.mirrors = GitMirrors(directory / "cache", clock, GitSettings(allow_local=True))
        self.signatures = GitSignatures(self.mirrors, clock)

    def commit(self, signer: str = "", message: str = "m") -> str:
        self._git(
            "commit", "--allow-empty", "-q", "-m", message, *([f"-S{self.signers.ids[signer]}"] if signer else [])
        )
        return str(self.repository.git("rev-parse", "HEAD"))

    def tag(self, name: str, signer: str = "") -> None:
        self._git("tag", "-m", name, *(["-u", self.signers.ids[signer]] if signer else ["-a"]), name)

    def verify(self, commit: str, mode: Mode, tag: str = "", keys: tuple[str, ...] = ("good", "other")) -> list[str]:
        policy = Policy(mode=mode, keys=(self.signers.ids["good"],))
        ring = {self.signers.ids[name]: self.signers.armoured[self.signers.ids[name]] for name in keys}
        return asyncio.run(self.signatures.verify(self.repository.url, commit, policy, ring, Credentials(), tag=tag))

    def _git(self, *arguments: str) -> None:
        self.signers.git(self.repository.path, *arguments)


@pytest.fixture
def bench(repository: Any, tmp_path: Path, clock: Any, signers: Signers) -> Iterator[Bench]:
    made = Bench(repository, tmp_path, clock, signers)
    yield made
    made.mirrors.close()


def test_head_looks_at_the_commit_alone(bench: Bench) -> None:
    unsigned = bench.commit()
    signed = bench.commit("good")
    other = bench.commit("other")
    assert bench.verify(signed, "head") == []
    assert bench.verify(unsigned, "none") == []
    (told,) = bench.verify(unsigned, "head")
    assert told == f"Failed verifying revision {unsigned} by 'n@x <n@x>': unsigned (key_id=)"
    (told,) = bench.verify(other, "head")
    assert told.endswith(f"signed with unallowed key (key_id={bench.signers.ids['other']})")
    (told,) = bench.verify(signed, "head", keys=("other",))
    assert told.endswith(f"signed with key not in keyring (key_id={bench.signers.ids['good']})")
    (told,) = bench.verify(signed, "head", keys=())
    assert "signed with key not in keyring" in told


def test_of_an_annotated_tag_its_own_signature_counts(bench: Bench) -> None:
    unsigned = bench.commit()
    bench.tag("v1.0.0", "good")
    assert bench.verify(unsigned, "head", "v1.0.0") == []
    assert bench.verify(unsigned, "head", "1.x") == []
    signed = bench.commit("good")
    bench.tag("v2.0.0")
    assert bench.verify(signed, "head") == []
    assert bench.verify(signed, "head", "main") == []
    bench.mirrors._refs.clear()
    (told,) = bench.verify(signed, "head", "v2.0.0")
    assert "revision v2.0.0" in told
    assert "unsigned" in told
    assert "unsigned" in bench.verify(unsigned, "head", "v2.0.0")[0]  # a tag that has moved on vouches for nothing


def test_strict_looks_at_every_ancestor_back_to_a_well_signed_seal(bench: Bench) -> None:
    first = bench.commit()
    bench.commit("good")
    head = bench.commit("good")
    assert [first in told for told in bench.verify(head, "strict")] == [True]
    bench.commit("other", "s\n\nArgocd-gpg-seal: not ours")
    badly = bench.commit("good")
    assert len(bench.verify(badly, "strict")) == 2
    bench.commit("good", "s\n\nArgocd-gpg-seal: looked at")
    assert bench.verify(bench.commit("good"), "strict") == []
    assert len(bench.verify(bench.commit(), "strict")) == 1


def test_a_changed_commit_keeps_no_signature(bench: Bench) -> None:
    signed = bench.commit("good", "deploy one")
    raw = subprocess.run(
        ["git", "cat-file", "commit", signed], cwd=bench.repository.path, check=True, capture_output=True
    ).stdout
    forged = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=bench.repository.path, input=raw.replace(b"deploy one", b"deploy two"), check=True, capture_output=True,
    ).stdout.decode().strip()  # fmt: skip
    bench.repository.git("branch", "forged", forged)
    (told,) = bench.verify(forged, "head")
    assert "bad signature" in told


def test_nothing_stays_on_disk_and_a_missing_program_is_an_error(bench: Bench, clock: Any) -> None:
    signed = bench.commit("good")
    before = set(Path(tempfile.gettempdir()).glob("argosy-gpg-*"))
    assert bench.verify(signed, "head") == []
    assert set(Path(tempfile.gettempdir()).glob("argosy-gpg-*")) <= before
    bench.signatures = GitSignatures(bench.mirrors, clock, program="no-such-gpg")
    with pytest.raises(Unavailable, match="gpg program is not installed"):
        bench.verify(signed, "head")


def test_strict_needs_the_whole_history(bench: Bench) -> None:
    signed = bench.commit("good")
    policy = Policy(mode="strict", keys=(bench.signers.ids["good"],))
    with pytest.raises(Rejected, match="remove depth from the repository"):
        asyncio.run(bench.signatures.verify(bench.repository.url, signed, policy, {}, Credentials(depth=1)))
