"""Writes src/argosy/apis/published/*.json: Argo CD's definitions from our classes, those of others without prose.

Run: python scripts/crd_facts.py [DIRECTORY]; it holds one folder for each product with its definitions as YAML.
Without it only what our classes say is written: after every change of `apis.argoproj`.
Parts that occur more than once in a file, such as the pod template, are written once and referred to by number.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from argosy.apis import GITOPS
from argosy.apis.argoproj import RESOURCES
from argosy.apis.generate import definition as generated
from argosy.apis.published import PRODUCTS, REFERENCE
from argosy.machinery.text.yaml import load

TARGET = Path(__file__).parent.parent / "src" / "argosy" / "apis" / "published"
WORTH_SHARING = 64
"""Characters; a shorter part is written where it stands."""


def without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if not (k in ("description", "title") and isinstance(v, str))}
        return {k: without_prose(v) for k, v in kept.items()}
    return [without_prose(item) for item in value] if isinstance(value, list) else value


def definition(path: Path) -> Any:
    found = without_prose(load(path.read_bytes()))
    found["metadata"] = {"name": found["metadata"]["name"]}
    found.pop("status", None)
    return found


class Sharing:
    """Numbers the parts that occur more than once, the inner ones first."""

    def __init__(self, whole: Any) -> None:
        self._count: Counter[str] = Counter()
        self._number: dict[str, int] = {}
        self.parts: list[Any] = []
        self._visit(whole)

    def _visit(self, value: Any) -> None:
        for inner in _inner(value):
            self._visit(inner)
        if isinstance(value, dict) and len(text := _text(value)) > WORTH_SHARING:
            self._count[text] += 1

    def written(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.written(item) for item in value]
        if not isinstance(value, dict):
            return value
        text = _text(value)
        if self._count[text] < 2:
            return {name: self.written(item) for name, item in value.items()}
        if text not in self._number:
            part = {name: self.written(item) for name, item in value.items()}
            self._number[text] = len(self.parts)
            self.parts.append(part)
        return {REFERENCE: self._number[text]}


def _inner(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def text_of(definitions: list[Any]) -> str:
    """The file of one product."""
    sharing = Sharing(definitions)
    written = [sharing.written(item) for item in definitions]
    lines = [",\n".join(_text(item) for item in items) for items in (sharing.parts, written)]
    return '{"parts":[\n' + lines[0] + '\n],"definitions":[\n' + lines[1] + "\n]}\n"


def of_our_classes() -> str:
    return text_of([generated(kind) for kind in RESOURCES])


def main(directory: Path | None) -> None:
    texts = {GITOPS: of_our_classes()}
    if directory is not None:
        for product in PRODUCTS:
            if product != GITOPS:
                texts[product] = text_of([definition(path) for path in sorted((directory / product).glob("*.yaml"))])
    for product, text in texts.items():
        (TARGET / f"{product}.json").write_text(text)
        print(f"{product}: {len(text)} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
