"""What of others is in the page is named with it, with its licence."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_that_is_built_into_the_page_is_named_with_its_version_and_licence() -> None:
    text = (ROOT / "src" / "argosy" / "page" / "licenses.txt").read_text()
    locked = json.loads((ROOT / "ui" / "package-lock.json").read_text())["packages"]
    built_in = {path.rpartition("node_modules/")[2]: said for path, said in locked.items() if path}
    missing = [
        name
        for name, said in built_in.items()
        if not said.get("dev") and f"\n{name} {said['version']} ({said.get('license')})\n" not in text
    ]
    assert missing == []
    assert "Permission is hereby granted" in text
