"""What of others is built into the web page, and under which licence: `ui/public/licenses.txt`, which the build copies.

Reads `ui/package-lock.json` and the packages in `ui/node_modules`. Run by `make ui`.
"""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
UI = ROOT / "ui"
HEAD = "The web page contains these packages, each under its own licence.\n"


def packages() -> list[tuple[str, str, str]]:
    """Path in `ui/`, version and licence of each package that is not for development alone, by path."""
    locked = json.loads((UI / "package-lock.json").read_text())["packages"]
    return [
        (path, str(said["version"]), str(said.get("license") or ""))
        for path, said in sorted(locked.items())
        if path and not said.get("dev")
    ]


def title(path: str, version: str, license_name: str) -> str:
    return f"{path.rpartition('node_modules/')[2]} {version} ({license_name})"


def main() -> None:
    found = [HEAD]
    for path, version, license_name in packages():
        [text, *_] = sorted((UI / path).glob("LICEN[CS]E*"))
        found.append(f"{'=' * 80}\n{title(path, version, license_name)}\n\n{text.read_text().strip()}\n")
    (UI / "public" / "licenses.txt").write_text("\n".join(found))


if __name__ == "__main__":
    main()
