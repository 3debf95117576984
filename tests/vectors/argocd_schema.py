"""Argo CD's wire schema against the one that the server's codec and router are made of: methods and messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from .kubernetes_facts import script
from .outcome import Outcome

FAMILY = "argo-cd/grpc"


def run(data: Path) -> Iterator[Outcome]:
    facts = script("api_facts")
    ours = json.loads(facts.TARGET.read_text())
    recorded = json.loads((data / "argo-cd/grpc/schema.json").read_text())
    theirs = facts.facts_of(recorded, facts.modes_of(ours))
    for section in ("methods", "messages"):
        for name, one in theirs[section].items():
            found = ours[section].get(name)
            yield Outcome(FAMILY, f"{section} {name}", found == one, f"{found} is not {one}")
