"""The stored definitions of our own kinds are of today, and are what a start reads."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from argosy.apis import GITOPS, crds
from argosy.apis.argoproj import RESOURCES
from argosy.apis.generate import definition

SCRIPT = Path(__file__).parents[2] / "scripts/crd_facts.py"


def test_the_stored_definitions_of_our_classes_are_of_today() -> None:
    spec = importlib.util.spec_from_file_location("crd_facts", SCRIPT)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    stored = (script.TARGET / f"{GITOPS}.json").read_text()
    assert stored == script.of_our_classes(), "run: python scripts/crd_facts.py"


def test_shared_parts_are_put_back_where_they_belong() -> None:
    made = sorted((definition(kind) for kind in RESOURCES), key=lambda crd: str(crd["metadata"]["name"]))
    assert json.dumps(crds(GITOPS)) == json.dumps(made)


def test_definitions_are_read_without_loading_the_classes() -> None:
    code = "import sys; from argosy.apis import crds; crds(); print('argosy.apis.argoproj' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
