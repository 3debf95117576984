"""The one way by which a URL that a user gave is fetched over HTTP (spec/security.md rule 13).

`policy` judges addresses, `client` connects to judged ones alone, `tls` secures the connection, `answers` has what came
back.
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
