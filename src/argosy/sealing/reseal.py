"""Seals again what was sealed before, as upstream's `/v1/rotate` does: newest key, same scope, no value shown."""

from __future__ import annotations

from argosy.apis.bitnami import SealedSecret
from argosy.machinery.objects import JsonObject
from argosy.sealing.seal import Sealer


def rotated(sealed: SealedSecret, secret: JsonObject, sealer: Sealer) -> JsonObject:
    """`secret` is what `sealed` opens to. Rendered templates become items, and the object's metadata the template's.

    Source: sealed-secrets, pkg/controller/controller.go (Rotate). `argosy seal` keeps the template instead.
    """
    return sealer.sealed({**secret, "metadata": sealed.raw["metadata"]}, allow_empty=True)
