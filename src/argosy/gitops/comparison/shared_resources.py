"""Objects that two applications track (spec 1.5). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.model.resource_tracking import owner_of
from argosy.gitops.sync.tasks import Pair
from argosy.machinery.objects import Key
from argosy.machinery.pieces import Pieces


def shared(pairs: Iterable[Pair], key: Key, instance: str, settings: Settings) -> Pieces[list[str]]:
    """The messages of SharedResourceWarning conditions. `instance`: the application's name in tracking marks."""
    found = []
    for pair in pairs:
        yield
        if pair.target is None or pair.live is None:
            continue
        other = owner_of(pair.live, settings)
        if other and other != instance:
            text = f"{pair.key.kind}/{pair.key.name} is part of applications {key.namespace}/{key.name} and {other}"
            found.append(text)
    return found
