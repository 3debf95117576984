"""Which signatures a project requires, and the objections to a revision (spec/argo-cd-engine-2.md 11.8). Pure.

The verification itself is in sources/git/signing.py; here are the policy, the parsing of gpg's output, and the
verdict. A signature counts only if its key is both in the keyring and named by the policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from typing import Final, Literal, Protocol, cast

import re2

from argosy.apis.argoproj.project import AppProjectSpec, IntegrityPolicy
from argosy.sources.port import Credentials, Rejected
from argosy.sources.scrub import scrub
from argosy.sources.urls import normalise_url

PROBLEMS_SHOWN: Final = 10
KEYS_CONFIG_MAP: Final = "argocd-gpg-keys-cm"
SEAL: Final = "argocd-gpg-seal:"
GOOD, UNSIGNED = "signed", "unsigned"

_RESULTS: Final = {
    "GOODSIG": GOOD,
    "BADSIG": "bad signature",
    "EXPSIG": "expired signature",
    "EXPKEYSIG": "signed with expired key",
    "REVKEYSIG": "signed with revoked key",
    "ERRSIG": "signature cannot be verified",
}
_HEX = re2.compile(r"^(?:0x)?[0-9A-Fa-f]{8,40}$")

Mode = Literal["none", "head", "strict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`head`: the revision itself is signed. `strict`: all its ancestors too, back to a sealing commit."""

    mode: Mode
    keys: tuple[str, ...]
    """Key ids, short, long or as fingerprints, one of which must have signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The result for one commit or tag."""

    revision: str
    author: str
    result: str
    """GOOD, or why not, in upstream's words."""
    key_id: str = ""
    primary_id: str = ""
    """The primary key of the signing subkey."""


class Verifier(Protocol):
    """Verifies what was really signed: `sources.git.signing.GitSignatures`."""

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
        """The objections to the commit; empty when there are none. Raises a SourceError."""
        ...


def policy_of(project_spec: AppProjectSpec, url: str) -> Policy | None:
    """The project's policy for a repository: the one of `sourceIntegrity` that names it, else `signatureKeys`.

    Raises Rejected when several match, and for invalid settings: no mistake may disable verification.
    """
    integrity = project_spec.source_integrity
    policies = [item for item in integrity.git.policies if _covers(item, url)] if integrity else []
    if len(policies) > 1:
        raise Rejected(f"multiple ({len(policies)}) git source integrity policies found for repo URL: {scrub(url)}")
    for item in policies:
        mode = item.gpg.mode
        if mode not in ("none", "head", "strict"):
            raise Rejected(f"sourceIntegrity: mode {mode!r} must be none, head or strict")
        return Policy(mode=cast(Mode, mode), keys=tuple(map(str, item.gpg.keys)))
    keys = tuple(key.key_id for key in project_spec.signature_keys)
    return Policy(mode="head", keys=keys) if keys else None


def problems(policy: Policy, found: Iterable[Signature]) -> list[str]:
    """The objections, ten at most, and only one for each key that signed commits."""
    allowed = {short_id(key) for key in policy.keys} - {""}
    problems: list[str] = []
    seen: set[str] = set()
    for signature in found:
        reason = _problem(allowed, signature)
        if not reason or signature.key_id in seen:
            continue
        if signature.key_id:
            seen.add(signature.key_id)
        problems.append(f"Failed verifying revision {signature.revision} by '{signature.author}': {reason}")
        if len(problems) >= PROBLEMS_SHOWN:
            break
    return problems


def accepted(policy: Policy, signature: Signature) -> bool:
    return not _problem({short_id(key) for key in policy.keys} - {""}, signature)


def short_id(text: str) -> str:
    """The last 16 hex digits, which all forms of a key id but the shortest share; "" for an invalid key id."""
    plain = text.strip().replace(" ", "")
    return plain.removeprefix("0x")[-16:].upper() if _HEX.match(plain) else ""


def parse_status(text: str) -> tuple[str, str, str]:
    """gpg's `--status-fd` lines: (result, key id, primary key id). Several signatures count as none."""
    verdicts, key, primary = [], "", ""
    for words in (line.split() for line in text.splitlines() if line.startswith("[GNUPG:] ")):
        code = words[1] if len(words) > 1 else ""
        if code in _RESULTS and len(words) > 2:
            missing = code == "ERRSIG" and len(words) > 7 and words[7] == "9"
            verdicts.append("signed with key not in keyring" if missing else _RESULTS[code])
            key = short_id(words[2])
        elif code == "VALIDSIG":
            primary = short_id(words[-1])
    if len(verdicts) != 1:
        return "signature cannot be verified", key, ""
    if verdicts[0] == GOOD and not primary:
        return "signature cannot be verified", key, ""
    return verdicts[0], key, primary


def split_commit(data: bytes) -> tuple[bytes, bytes]:
    """A commit object's signed text and its signature, b"" when it has none."""
    head, separator, message = data.partition(b"\n\n")
    signed: list[bytes] = []
    signature: list[bytes] = []
    into = signed
    for line in head.split(b"\n"):
        if line.startswith(b" ") and into is not signed:
            into.append(line[1:])
            continue
        if line.startswith(b" "):
            signed.append(line)
            continue
        name, _, value = line.partition(b" ")
        into = signature if name == b"gpgsig" else [] if name == b"gpgsig-sha256" else signed
        into.append(value if name == b"gpgsig" else line)
    return b"\n".join(signed) + separator + message, b"\n".join(signature)


def split_tag(data: bytes) -> tuple[bytes, bytes]:
    """A tag object's signed text and its signature at the end, b"" when it has none."""
    at = max(data.rfind(b"\n-----BEGIN PGP SIGNATURE-----"), data.rfind(b"\n-----BEGIN SSH SIGNATURE-----"))
    return (data, b"") if at < 0 else (data[: at + 1], data[at + 1 :])


def parents(commit: bytes) -> list[str]:
    return [line[7:47].decode("ascii", "replace") for line in _headers(commit) if line.startswith(b"parent ")]


def author(data: bytes) -> str:
    """`Name <mail>` of a commit's author or a tag's tagger."""
    for line in _headers(data):
        for name in (b"author ", b"tagger "):
            if line.startswith(name):
                return line[len(name) :].decode("utf-8", "replace").rpartition(">")[0] + ">"
    return ""


def is_sealed(commit: bytes) -> bool:
    """Whether the message's last paragraph has the trailer that vouches for everything before this commit."""
    message = commit.partition(b"\n\n")[2].decode("utf-8", "replace").strip()
    last = message.split("\n\n")[-1]
    return any(line.lower().startswith(SEAL) and line[len(SEAL) :].strip() for line in last.splitlines())


def _problem(allowed: set[str], signature: Signature) -> str:
    if signature.result != GOOD:
        return f"{signature.result} (key_id={signature.key_id})"
    if any(key and any(key.endswith(known) for known in allowed) for key in (signature.key_id, signature.primary_id)):
        return ""
    return f"signed with unallowed key (key_id={signature.key_id})"


def _covers(policy: IntegrityPolicy, url: str) -> bool:
    """At least one glob matches, and none with `!`."""
    if not isinstance(policy.raw.get("repos") or [], list):
        raise Rejected("sourceIntegrity: repos must be a list of objects with a url")
    allowed = False
    for repo in policy.repos:
        pattern = repo.url
        if _matches(pattern.removeprefix("!"), url):
            if pattern.startswith("!"):
                return False
            allowed = True
    return allowed


def _matches(pattern: str, url: str) -> bool:
    if pattern == "*":
        return True
    compiled = re2.compile(translate(normalise_url(pattern)).replace(r"\Z", r"\z"))
    return bool(compiled.match(normalise_url(url)))


def _headers(data: bytes) -> list[bytes]:
    return data.partition(b"\n\n")[0].split(b"\n")
