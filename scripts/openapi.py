"""Writes the description of Argosy's own API for the page's types: python scripts/openapi.py > ui/openapi.json"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import cast

from argosy.server.api import PREFIX, router
from argosy.server.api.applications.rows import ApplicationRows
from argosy.server.api.schema.openapi import document
from argosy.server.context import ServerContext


def described() -> str:
    """Declarations need no context to be described."""
    context = cast(ServerContext, SimpleNamespace())
    endpoints = router(context, ApplicationRows(context)).endpoints
    return json.dumps(document(endpoints, PREFIX), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(described())
