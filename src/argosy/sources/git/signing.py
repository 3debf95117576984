"""Verifies signatures of commits and annotated tags with the gpg program and a keyring of the project's keys.

Each verification has its own keyring in a private directory: a user's own keyring and its trust have no
influence. Results for a commit are cached for a while, since neither it nor the keys change.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Final

from argosy.confinement.box import Box
from argosy.confinement.interpreter import NAMES, program_reads
from argosy.confinement.start import start
from argosy.runtime.clock import Clock
from argosy.sources.git.content.tree import Objects
from argosy.sources.git.refs import FULL_SHA
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import Credentials, Rejected, Unavailable
from argosy.sources.signatures import (
    PROBLEMS_SHOWN,
    UNSIGNED,
    Policy,
    Signature,
    accepted,
    author,
    is_sealed,
    parents,
    parse_status,
    problems,
    split_commit,
    split_tag,
)

GPG_SECONDS: Final = 15.0
GPG_TASKS: Final = 16
GPG_FILE_BYTES: Final = 16 * 1024 * 1024
COMMITS_LIMIT: Final = 20_000
KEYS_LIMIT: Final = 4 * 1024 * 1024
KEPT: Final = 50_000
KEPT_SECONDS: Final = 3600.0


class GitSignatures:
    """Verifies revisions of repositories in the mirrors."""

    def __init__(self, mirrors: GitMirrors, clock: Clock, *, program: str = "gpg") -> None:
        self._mirrors = mirrors
        self._clock = clock
        self._program = program
        self._kept: OrderedDict[tuple[str, str], tuple[float, Signature]] = OrderedDict()

    async def verify(
        self,
        url: str,
        commit: str,
        policy: Policy,
        keys: Mapping[str, str],
        credentials: Credentials,
        *,
        tag: str = "",
        tag_prefix: str = "",
    ) -> list[str]:
        """The objections to the revision; empty when there are none.

        `keys`: the data of argocd-gpg-keys-cm. `tag`: the target revision as written; if it names an annotated tag of
        this commit, then in mode `head` the tag's signature counts. Raises a SourceError.
        """
        if policy.mode == "none":
            return []
        if not FULL_SHA.fullmatch(commit):
            raise Rejected(f"{commit!r} is not a full SHA")
        if policy.mode == "strict" and credentials.depth > 0:
            raise Rejected("strict signature verification needs the whole history: remove depth from the repository")
        objects = await self._mirrors.objects(url, commit, credentials)
        tagged = await self._mirrors.tag_object(url, tag, credentials, tag_prefix) if tag else ""
        epoch = int(self._clock.now().timestamp())
        return await self._mirrors.in_thread(self._verified, objects, commit, policy, keys, tagged, tag, epoch)

    def _verified(
        self,
        objects: Objects,
        commit: str,
        policy: Policy,
        keys: Mapping[str, str],
        tag_object: str,
        tag: str,
        epoch: int,
    ) -> list[str]:
        with _Keyring(self._program, keys, epoch).opened() as keyring:
            if policy.mode == "head":
                found = self._tag(keyring, objects, tag_object, tag, commit) if tag_object else None
                return problems(policy, [found or self._commit(keyring, objects, commit, epoch)])
            return problems(policy, self._history(keyring, objects, commit, policy, epoch))

    def _history(
        self, keyring: _Keyring, objects: Objects, commit: str, policy: Policy, epoch: int
    ) -> Iterator[Signature]:
        """The commit and its ancestors; a correctly signed sealing commit vouches for everything before it."""
        waiting, seen, bad = deque([commit]), {commit}, 0
        while waiting and bad < PROBLEMS_SHOWN * 100:
            oid = waiting.popleft()
            signature = self._commit(keyring, objects, oid, epoch)
            yield signature
            data = objects.commit(oid)
            fine = accepted(policy, signature)
            bad += not fine
            if fine and is_sealed(data):
                continue
            waiting.extend(parent for parent in parents(data) if parent not in seen)
            seen.update(parents(data))
            if len(seen) > COMMITS_LIMIT:
                raise Rejected(f"more than {COMMITS_LIMIT} commits since the last seal commit")

    def _commit(self, keyring: _Keyring, objects: Objects, oid: str, epoch: int) -> Signature:
        key = (keyring.digest, oid)
        known = self._kept.get(key)
        if known is not None and 0 <= epoch - known[0] < KEPT_SECONDS:
            return known[1]
        data = objects.commit(oid)
        signature = keyring.look(oid, author(data), *split_commit(data))
        self._kept[key] = (epoch, signature)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return signature

    def _tag(self, keyring: _Keyring, objects: Objects, oid: str, name: str, commit: str) -> Signature | None:
        """None when the tag is not annotated, or no longer points to the commit: then the commit's signature counts."""
        data = objects.tag(oid)
        if data is None or objects.peeled(oid) != commit:
            return None
        return keyring.look(name, author(data), *split_tag(data))


class _Keyring:
    """The project's keys in a private directory, for one verification. Blocking."""

    def __init__(self, program: str, keys: Mapping[str, str], epoch: int) -> None:
        self._program = program
        self._armoured = "\n".join(keys[name] for name in sorted(keys)).encode()
        self._epoch = epoch
        self._home = Path()
        self._imported = False
        self.digest = blake2b(self._armoured, digest_size=16).hexdigest()

    @contextmanager
    def opened(self) -> Iterator[_Keyring]:
        if len(self._armoured) > KEYS_LIMIT:
            raise Rejected(f"the GPG keys are larger than the limit of {KEYS_LIMIT} bytes")
        self._home = Path(tempfile.mkdtemp(prefix="argosy-gpg-"))  # created with mode 0700
        try:
            yield self
        finally:
            shutil.rmtree(self._home, ignore_errors=True)

    def look(self, revision: str, who: str, signed: bytes, signature: bytes) -> Signature:
        if not signature:
            return Signature(revision=revision, author=who, result=UNSIGNED)
        if not signature.startswith(b"-----BEGIN PGP"):
            return Signature(revision=revision, author=who, result="signed by another method than GPG")
        self._import()
        (self._home / "signature").write_bytes(signature + b"\n")
        (self._home / "signed").write_bytes(signed)
        status = self._run("--verify", "--", "signature", "signed")
        result, key_id, primary = parse_status(status)
        return Signature(revision=revision, author=who, result=result, key_id=key_id, primary_id=primary)

    def _import(self) -> None:
        """Imported only for the first signature; a key that cannot be read is left out, the others still count."""
        if self._imported or not self._armoured.strip():
            return
        (self._home / "keys").write_bytes(self._armoured)
        self._run("--import", "--", "keys")
        self._imported = True

    def _run(self, *arguments: str) -> str:
        options = (
            "--homedir", str(self._home), "--no-options", "--batch", "--no-tty", "--quiet", "--no-autostart",
            "--no-auto-key-retrieve", "--no-auto-key-locate", "--trust-model", "always", "--weak-digest", "SHA1",
            "--faked-system-time", f"{self._epoch}!", "--status-fd", "1",
        )  # fmt: skip
        box = Box(
            reads=(*program_reads(self._program), *NAMES),
            writes=(str(self._home),),
            own_user=False,
            tasks=GPG_TASKS,
            file_bytes=GPG_FILE_BYTES,
        )
        environment = {
            "PATH": "/usr/bin:/bin", "HOME": str(self._home), "GNUPGHOME": str(self._home), "LC_ALL": "C",
        }  # fmt: skip
        try:
            running = start(
                box,
                command=[self._program, *options, *arguments],
                directory=str(self._home),
                environment=environment,
                stdout=subprocess.PIPE,
            )
        except FileNotFoundError:
            raise Unavailable("signatures cannot be verified: the gpg program is not installed") from None
        except OSError as error:
            raise Unavailable(f"signatures cannot be verified: {error.strerror or error}") from None
        try:
            output, _ = running.process.communicate(timeout=GPG_SECONDS)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"signatures cannot be verified: gpg took more than {GPG_SECONDS:g} seconds") from None
        finally:
            running.kill()
            running.process.communicate()
        return output.decode("utf-8", "replace")
