"""One cluster that applications go to: what lives there, and how it is changed."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.gitops.applying import Applier
from argosy.gitops.live import LiveObjects


@dataclass(frozen=True, slots=True)
class Destination:
    server: str
    live: LiveObjects
    applier: Applier
