"""Maps git's and ssh's messages to our errors. Pure.

The leading phrase is the one that upstream's users search for. The programs' output is largely the other
host's text (`remote:` lines, banners, bodies of errors), so only sentences are appended that are known to be git's,
ssh's or curl's own.
"""

from __future__ import annotations

from typing import Final

import re2

from argosy.sources.port import AccessDenied, Credentials, NotFound, Outrun, Rejected, SourceError, Unavailable
from argosy.sources.scrub import scrub

NOT_FOUND: Final = "repository not found"
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
    ("repository not found", NotFound, NOT_FOUND),
    ("returned error: 404", NotFound, NOT_FOUND),
    ("not found", NotFound, NOT_FOUND),
    ("does not appear to be a git repository", NotFound, NOT_FOUND),
    ("does not exist", NotFound, NOT_FOUND),
    ("not our ref", NotFound, "unable to resolve to a commit SHA"),
    ("couldn't find remote ref", NotFound, "unable to resolve to a commit SHA"),
)


_OUTRUN: Final = (
    "(fetch first)", "(non-fast-forward)", "(stale info)", "reference already exists", "incorrect old value",
    "failed to update ref", "cannot lock ref", "unable to create", "failed to lock",
)  # fmt: skip
_REFUSED: Final = ("declined", "protected branch", "read only", "read-only", "write access", "not allowed to push")


def push_failure(url: str, stderr: str, credentials: Credentials) -> SourceError:
    """The error for a failed push."""
    lower = stderr.lower()
    if any(words in lower for words in _REFUSED):
        return AccessDenied(f"failed to push: authorization failed: {scrub(url)}: {_sentences(stderr, credentials)}")
    if any(words in lower for words in _OUTRUN):
        return Outrun(f"failed to push: {scrub(url)}: {_sentences(stderr, credentials)}")
    if "[remote rejected]" in lower:
        return AccessDenied(f"failed to push: rejected: {scrub(url)}: {_sentences(stderr, credentials)}")
    return failure("failed to push", url, stderr, credentials)


def failure(doing: str, url: str, stderr: str, credentials: Credentials) -> SourceError:
    """The error for a git program that failed while `doing` something."""
    lower = stderr.lower()
    for words, kind, phrase in _TABLE:
        if words in lower:
            detail = _sentences(stderr, credentials)
            if phrase == NOT_FOUND:  # the caller names the reference, and upstream's sentence ends here
                return kind(f"{doing}: {phrase}: {detail}")
            return kind(f"{doing}: {phrase}: {scrub(url)}" + (f": {detail}" if detail else ""))
    return Unavailable(f"{doing}: {scrub(url)}: {_sentences(stderr, credentials) or 'the git program failed'}")


_OWN: Final = re2.compile(
    "|".join((
        r"The requested URL returned error: [0-9]{3}",
        r"Could not resolve (?:host|proxy)",
        r"Couldn't connect to server|Connection (?:refused|timed out|reset by peer)|Network is unreachable",
        r"Operation (?:timed out|too slow)|Empty reply from server|Proxy CONNECT aborted",
        r"SSL certificate problem: [a-zA-Z ,'-]{1,80}",
        r"server certificate verification failed",
        r"no alternative certificate subject name matches target host ?name",
        r"certificate subject name",
        r"(?:unable to set private key file|could not load PEM client certificate)",
        r"(?:GnuTLS|OpenSSL)[a-zA-Z_ ]{0,30} error|SSL_ERROR_SYSCALL|gnutls_handshake\(\) failed",
        r"Authentication failed|terminal prompts disabled|could not read (?:Username|Password)",
        r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|no matching host key type found",
        r"No [A-Z0-9]{2,10} host key is known|Permission denied \([a-z,-]{1,60}\)|error in libcrypto|invalid format",
        r"Too many authentication failures|kex_exchange_identification",
        r"does not appear to be a git repository|Could not read from remote repository|repository not found",
        r"couldn't find remote ref|not our ref|early EOF|index-pack failed|unpack-objects failed",
        r"the remote end hung up unexpectedly|expected flush after ref listing|protocol error: bad line length",
        r"RPC failed; (?:HTTP|curl) [0-9]{1,3}|dumb http transport does not support|detected dubious ownership",
        r"transport '[a-z]{1,20}' not allowed|No space left on device|File too large",
        r"\((?:pre-receive|update|post-receive)? ?hook declined\)|\(protected branch hook declined\)",
        r"\((?:fetch first|non-fast-forward|stale info|already exists|needs force|shallow update not allowed)\)",
        r"\(branch is currently checked out\)|failed to push some refs|reference already exists|incorrect old value",
        r"failed to update ref|cannot lock ref|unable to create|failed to lock|read[ -]only",
    ))
)  # fmt: skip
OWN_SHOWN: Final = 4


def _sentences(stderr: str, credentials: Credentials) -> str:
    """Sentences of the programs themselves, each once."""
    found: dict[str, None] = {}
    for line in stderr.splitlines():
        if not line.strip().lower().startswith("remote:"):
            found.update(dict.fromkeys(_OWN.findall(line)))
    return scrub("; ".join(list(found)[:OWN_SHOWN]), credentials)
