"""What git's and ssh's messages mean for who asked: a table from their words to our errors. Pure.

The phrase in front is the one that upstream's users search for; the program's own words follow, scrubbed.
"""

from __future__ import annotations

from typing import Final

from argosy.sources.port import AccessDenied, Credentials, NotFound, Outrun, Rejected, SourceError, Unavailable
from argosy.sources.scrub import scrub

_TABLE: Final[tuple[tuple[str, type[SourceError], str], ...]] = (
    ("remote host identification has changed", AccessDenied, "ssh: handshake failed: knownhosts: key mismatch"),
    ("host key verification failed", AccessDenied, "ssh: handshake failed: knownhosts: key is unknown"),
    ("no matching host key", AccessDenied, "ssh: handshake failed: knownhosts: key is unknown"),
    ("permission denied (", AccessDenied, "ssh: handshake failed: ssh: unable to authenticate"),
    ("error in libcrypto", AccessDenied, "ssh: the private key cannot be read"),
    ("certificate", AccessDenied, "x509: certificate signed by unknown authority or not valid"),
    ("authentication failed", AccessDenied, "authentication required"),
    ("could not read username", AccessDenied, "authentication required"),
    ("could not read password", AccessDenied, "authentication required"),
    ("terminal prompts disabled", AccessDenied, "authentication required"),
    ("returned error: 401", AccessDenied, "authentication required"),
    ("returned error: 403", AccessDenied, "authorization failed"),
    ("http 401", AccessDenied, "authentication required"),
    ("http 403", AccessDenied, "authorization failed"),
    ("transport '", Rejected, "transport not allowed"),
    ("dubious ownership", AccessDenied, "repository is owned by somebody else"),
    ("repository not found", NotFound, "repository not found"),
    ("returned error: 404", NotFound, "repository not found"),
    ("not found", NotFound, "repository not found"),
    ("does not appear to be a git repository", NotFound, "repository not found"),
    ("does not exist", NotFound, "repository not found"),
    ("not our ref", NotFound, "unable to resolve to a commit SHA"),
    ("couldn't find remote ref", NotFound, "unable to resolve to a commit SHA"),
)


_OUTRUN: Final = (
    "(fetch first)", "(non-fast-forward)", "(stale info)", "reference already exists", "incorrect old value",
    "failed to update ref", "cannot lock ref", "unable to create", "failed to lock",
)  # fmt: skip
_REFUSED: Final = ("declined", "protected branch", "read only", "read-only", "write access", "not allowed to push")


def push_failure(url: str, stderr: str, credentials: Credentials) -> SourceError:
    """The error for a push that ended badly."""
    lower = stderr.lower()
    if any(words in lower for words in _REFUSED):
        return AccessDenied(f"failed to push: authorization failed: {scrub(url)}: {_told(stderr, credentials)}")
    if any(words in lower for words in _OUTRUN):
        return Outrun(f"failed to push: {scrub(url)}: {_told(stderr, credentials)}")
    if "[remote rejected]" in lower:
        return AccessDenied(f"failed to push: rejected: {scrub(url)}: {_told(stderr, credentials)}")
    return failure("failed to push", url, stderr, credentials)


def failure(doing: str, url: str, stderr: str, credentials: Credentials) -> SourceError:
    """The error for a git program that ended badly while `doing` something."""
    lower = stderr.lower()
    for words, kind, phrase in _TABLE:
        if words in lower:
            return kind(f"{doing}: {phrase}: {scrub(url)}: {_told(stderr, credentials)}")
    return Unavailable(f"{doing}: {scrub(url)}: {_told(stderr, credentials) or 'the git program failed'}")


def _told(stderr: str, credentials: Credentials) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("@@@")]
    return scrub(" ".join(lines[-6:]), credentials)
