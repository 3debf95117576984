"""The description of the API: complete, and the committed one, which the page's types are made of, is of today."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]


def described() -> str:
    return subprocess.run(
        [sys.executable, "scripts/openapi.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_the_committed_description_is_of_today() -> None:
    assert (ROOT / "ui" / "openapi.json").read_text() == described(), "make ui"


def test_every_reference_leads_somewhere_and_every_identity_is_unique() -> None:
    document = json.loads(described())
    text, schemas = json.dumps(document), document["components"]["schemas"]
    operations = [operation for path in document["paths"].values() for operation in path.values()]

    assert all(f'"#/components/schemas/{name}"' in text for name in schemas)
    assert text.count('"$ref"') >= len(schemas)
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all(operation["summary"] for operation in operations)
