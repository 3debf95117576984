"""Git of a Promotion in its box: commits signed by gpg and its agent, and nothing of either left running."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argosy.promotion.adapters.git import GitTool, Identity


def made_key(home: Path) -> str:
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet"]
    subprocess.run(
        [*gpg, "--passphrase", "", "--quick-gen-key", "a <a@b.c>", "ed25519", "sign"], check=True, capture_output=True
    )
    found = subprocess.run([*gpg, "--armor", "--export-secret-keys"], check=True, capture_output=True).stdout.decode()
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=False)
    return found


@pytest.mark.skipif(shutil.which("gpg-agent") is None, reason="gpg is not installed")
def test_a_commit_is_signed_and_no_agent_outlives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = made_key(tmp_path / "gpg")

    async def in_thread(work: Callable[[], Any]) -> Any:
        return await asyncio.to_thread(work)

    async def committed() -> str:
        git = GitTool(in_thread, directory=tmp_path)
        place = tmp_path / "promotion-1" / "files" / "w"
        place.mkdir(parents=True)
        await git.run(place, "init", "--quiet")
        (place / "a").write_text("x")
        await git.run(place, "add", "a")
        await git.commit(place, "next", Identity(signing_key=key), None)
        return await git.run(place, "cat-file", "commit", "HEAD")

    assert "gpgsig -----BEGIN PGP SIGNATURE-----" in asyncio.run(committed())
    for _ in range(200):
        if not agents_of(tmp_path):
            return
        threading.Event().wait(0.02)
    raise AssertionError("an agent is still running")


def agents_of(place: Path) -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes())
    return [command for command in found if b"gpg-agent" in command and str(place).encode() in command]


def test_what_waits_for_a_remote_has_threads_of_its_own(tmp_path: Path) -> None:
    used: list[str] = []

    def threads(name: str) -> Callable[..., Any]:
        async def in_thread(work: Callable[[], Any]) -> Any:
            used.append(name)
            return await asyncio.to_thread(work)

        return in_thread

    async def asked() -> None:
        git = GitTool(threads("own"), directory=tmp_path, allow_local=True, waiting=threads("waiting"))
        place = tmp_path / "promotion-1" / "repo"
        place.mkdir(parents=True)
        await git.run(place, "init", "--quiet", "--bare")
        await git.run(place, "ls-remote", "--", place.as_uri(), url=place.as_uri())

    asyncio.run(asked())

    assert used == ["own", "waiting"]
