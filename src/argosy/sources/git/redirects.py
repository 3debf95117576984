"""Follows a repository's redirects, as reported by its host: done here, since git would send the credentials along."""

from __future__ import annotations

from typing import Final

import re2

from argosy.sources.egress import Egress, EgressPolicy, origin_of, transport_only
from argosy.sources.helm import basic
from argosy.sources.port import AccessDenied, Credentials, Rejected
from argosy.sources.scrub import scrub

SERVICE: Final = "/info/refs?service=git-upload-pack"
LISTING_LIMIT: Final = 64 * 1024 * 1024

_REDIRECT = re2.compile(r"returned error: 30[12378]\b|unable to update url base from redirection")


def is_redirect(errors: str) -> bool:
    return bool(_REDIRECT.search(errors))


async def redirected(
    url: str, credentials: Credentials, egress: Egress | None, policy: EgressPolicy
) -> tuple[str, Credentials]:
    """The repository's new URL, and the credentials that may be sent there: none elsewhere. Raises SourceError."""
    own = egress or Egress(policy)
    try:
        answer = await own.get(
            url.rstrip("/") + SERVICE, credentials, limit=LISTING_LIMIT, authorization=basic(credentials)
        )
    except Rejected as refused:
        raise AccessDenied(f"{scrub(url)}: its host redirects, which is not followed: {refused}") from None
    finally:
        if egress is None:
            await own.close()
    if not answer.url.endswith(SERVICE):
        raise Rejected(f"{scrub(url)}: redirected to what is not a repository")
    there = answer.url.removesuffix(SERVICE)
    return there, credentials if origin_of(there) == origin_of(url) else transport_only(credentials)
