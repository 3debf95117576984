"""Creates a requested Promotion; admission builds it from the Stage's template."""

from __future__ import annotations

from argosy.apis.kargo import Freight, Stage
from argosy.machinery.objects import Key
from argosy.machinery.requests import Write
from argosy.promotion.kinds import PROMOTIONS


def promotion_of(stage: Stage, piece: Freight, *, dry_run: bool = False) -> Write:
    """Creates the Promotion. Admission builds it and replaces the steps that are sent."""
    namespace, name = stage.metadata.namespace, stage.metadata.name
    steps = [{"uses": "fail", "as": "unbuilt"}]
    body = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Promotion",
        "metadata": {"generateName": f"{name}-", "namespace": namespace},
        "spec": {"stage": name, "freight": piece.metadata.name, "steps": steps},
    }
    return Write(verb="create", resource=PROMOTIONS, key=Key(namespace, ""), body=body, dry_run=dry_run)
