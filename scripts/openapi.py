"""Writes the description of Argosy's own API for the page's types: python scripts/openapi.py > ui/openapi.json"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any, cast

from argosy.server.api import PREFIX, router
from argosy.server.api.schema.openapi import document
from argosy.server.world import World


def described() -> str:
    """Declarations need no world to be described."""
    world: Any = SimpleNamespace()
    return json.dumps(document(router(cast(World, world)).endpoints, PREFIX), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(described())
