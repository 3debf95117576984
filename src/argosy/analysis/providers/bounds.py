"""Limits what a status shows of an external host's answer: its size, and no credential sent to the host. Pure.

A host may answer with megabytes, which no cluster stores in an object, or with the credentials that it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from argosy.analysis.arguments import MASK, SHORTEST_IN_VALUES
from argosy.analysis.ports import Answer, Broken, Judged

MESSAGE: Final = 1024
"""Limit in characters for a message."""
METADATA: Final = 8 * 1024
"""Limit in characters for one entry of the metadata, such as the series of a query."""
TEXT: Final = 16 * 1024
"""Limit in characters for a value. Ten measurements of each metric are kept in one object."""
ENTRIES: Final = 20
"""Limit for the entries of the metadata."""


def bounded(answer: Answer, told: Iterable[str]) -> Answer:
    """`told`: values of headers that the host was sent."""
    secrets = sorted({word for word in told if len(word) >= SHORTEST_IN_VALUES}, key=lambda word: (-len(word), word))

    def shown(text: str, most: int) -> str:
        for secret in secrets:
            text = text.replace(secret, MASK)
        left = len(text) - most
        return text if left <= 0 else f"{text[:most]}... ({left} more characters)"

    def entries(metadata: Mapping[str, str]) -> dict[str, str]:
        return {shown(name, MESSAGE): shown(text, METADATA) for name, text in list(metadata.items())[:ENTRIES]}

    if isinstance(answer, Broken):
        return replace(answer, message=shown(answer.message, MESSAGE))
    made = replace(answer, text=shown(answer.text, TEXT), metadata=entries(answer.metadata))
    return replace(made, message=shown(made.message, MESSAGE)) if isinstance(made, Judged) else made
