"""Sealed Secrets' job: Secrets that are safe to commit, decrypted in the cluster.

Owns: the status of bitnami.com/v1alpha1 SealedSecret; the Secrets created from SealedSecrets; the key Secrets (label
`sealedsecrets.bitnami.com/sealed-secrets-key: active`) that it creates in the controller's namespace.
Reads: SealedSecrets, Secrets, that Namespace. Writes: Secrets, statuses, Events.
Wakes: when a SealedSecret, its Secret or a key changes; when a new key is due; minutes after a refused write.

- `scope.py`, `item.py`: the format. `keyring.py`: the keys for decryption and sealing. `assembly.py`, `templates.py`:
  from decrypted values to a Secret. `ownership.py`: existing Secrets. `outcome.py`: the condition.
- `unseal.py`, `renewal.py`, `copies.py`: the decisions. `ports.py`, `adapters/`: RSA, which is too slow for a look.
- `endpoints.py`: the HTTP API for clients. `seal.py`, `reseal.py`: the other direction, for commands and clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.machinery.controller import Controller
from argosy.runtime.engine import Answerer
from argosy.sealing import copies, renewal, unseal
from argosy.sealing.adapters.opening import Opener
from argosy.sealing.metrics import Metrics
from argosy.sealing.ports import KeyMaker, MakeKey, Unseal
from argosy.sealing.settings import Settings

OPENING_SECONDS = 600.0
"""An object waits behind all others at a cold start."""
MAKING_SECONDS = 120.0
OPENED_AT_ONCE = 16
"""Enough to keep the threads busy between turns of the event loop."""


def controllers(settings: Settings, metrics: Metrics | None = None) -> tuple[Controller[Any], ...]:
    measure = metrics.measure if metrics is not None else None
    return (unseal.controller(settings, measure), renewal.controller(settings), copies.controller())


def answerers(opener: Opener, keys: KeyMaker) -> Mapping[type[Any], Answerer]:
    """The engine schedules changes before the initial objects of a start; scheduled work cannot be withdrawn, so it
    schedules few at once: else a new object would wait behind all of a cold start."""
    return {
        Unseal: Answerer(answer=opener.answer, limit=OPENED_AT_ONCE, timeout=OPENING_SECONDS),
        MakeKey: Answerer(answer=keys.make, limit=1, timeout=MAKING_SECONDS),
    }
