"""Re-encrypts sealed values: with the newest key, under the same scope, and no value is shown."""

from __future__ import annotations

from collections.abc import Mapping

from argosy.apis.bitnami import SealedSecret
from argosy.machinery.objects import JsonObject
from argosy.sealing.adapters.opening import Found, OpenedItem
from argosy.sealing.keyring import SealingKey
from argosy.sealing.seal import Entropy, Sealer


def rotated(sealed: SealedSecret, secret: JsonObject, sealer: Sealer) -> JsonObject:
    """`secret` is the decrypted `sealed`. Rendered templates become items, and the object's metadata the template's.

    Source: sealed-secrets, pkg/controller/controller.go (Rotate). `argosy seal` keeps the template instead.
    """
    return sealer.sealed({**secret, "metadata": sealed.raw["metadata"]}, allow_empty=True)


def resealed(
    items: Mapping[str, str], found: Found, label: str, newest: SealingKey, entropy: Entropy
) -> dict[str, str] | tuple[str, ...]:
    """Items not sealed with the newest key, re-encrypted with it; or the keys of items that no key decrypts."""
    sealer = Sealer(newest.public, entropy)
    opened = {key: found[item] for key, item in items.items()}
    if unopened := tuple(sorted(key for key, one in opened.items() if not isinstance(one, OpenedItem))):
        return unopened
    old = {key: one for key, one in opened.items() if isinstance(one, OpenedItem) and one.key != newest}
    return {key: sealer.item(label, one.value) for key, one in sorted(old.items())}
