"""HTTP egress: the only way by which a URL from a user is fetched (spec/security.md rule 13).

`policy` checks addresses, `client` connects only to checked ones, `tls` secures the connection, `answers` has the
responses.
"""

from __future__ import annotations

from argosy.sources.egress.answers import Answer, complaint, refused_status
from argosy.sources.egress.client import Egress, Sink, origin_of, transport_only, without_user_info
from argosy.sources.egress.policy import EgressPolicy

__all__ = [
    "Answer",
    "Egress",
    "EgressPolicy",
    "Sink",
    "complaint",
    "origin_of",
    "refused_status",
    "transport_only",
    "without_user_info",
]
