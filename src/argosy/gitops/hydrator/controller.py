"""The hydrator's controller: a key is a group of applications."""

from __future__ import annotations

from argosy.gitops.control_plane.configuration import CONFIG_MAPS
from argosy.gitops.hydrator.decide import decide
from argosy.gitops.hydrator.look import Look, Seen, group_keys
from argosy.gitops.keys import APPLICATIONS, FIELD_MANAGER
from argosy.machinery.controller import Controller


def controllers(namespace: str) -> tuple[Controller[Seen], ...]:
    """`namespace`: the control plane's."""
    return (
        Controller(
            name="hydrations",
            kind=APPLICATIONS,
            keys=group_keys,
            look=Look(namespace),
            decide=decide,
            by_namespace=(CONFIG_MAPS,),
            manager=FIELD_MANAGER,
        ),
    )
