"""People with GPG keys of their own, made by the real gpg program."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Signers:
    home: Path
    ids: dict[str, str]
    armoured: dict[str, str]

    def git(self, directory: Path, *arguments: str) -> str:
        """Runs git as somebody who may sign with any of the keys."""
        people = {f"GIT_{who}_{what}": "n@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {"PATH": os.environ["PATH"], "GNUPGHOME": str(self.home), **people}
        done = subprocess.run(["git", *arguments], cwd=directory, env=environment, check=True, capture_output=True)
        return done.stdout.decode().strip()


@contextmanager
def signing(*names: str) -> Iterator[Signers]:
    home = Path(tempfile.mkdtemp(prefix="gpg"))  # short: gpg's agent listens on a socket in it
    found = Signers(home, {}, {})

    def gpg(*arguments: str) -> str:
        command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", "", *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout.decode()

    for name in names:
        gpg("--quick-gen-key", f"{name} <{name}@example.com>", "ed25519", "sign", "never")
        lines = gpg("--list-keys", "--with-colons", f"{name}@example.com").splitlines()
        found.ids[name] = next(line.split(":")[4] for line in lines if line.startswith("pub:"))
        found.armoured[found.ids[name]] = gpg("--armor", "--export", f"{name}@example.com")
    try:
        yield found
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)
