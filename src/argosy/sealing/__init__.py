"""Sealed Secrets' job: Secrets that are safe to commit, opened in the cluster.

Owns: the status of bitnami.com/v1alpha1 SealedSecret; the Secrets that SealedSecrets say; the key Secrets (label
`sealedsecrets.bitnami.com/sealed-secrets-key: active`) that it makes in the controller's namespace.
Reads: SealedSecrets, Secrets, that Namespace. Writes: Secrets, statuses, Events.
Wakes: when a SealedSecret, its Secret or a key changes; when a key is due; minutes after a refused write.

- `scope.py`, `item.py`: the format. `keyring.py`: which keys open and which one seals. `assembly.py`, `templates.py`:
  from sealed values to a Secret. `ownership.py`: Secrets that are there already. `outcome.py`: the condition.
- `unseal.py`, `renewal.py`, `copies.py`: the decisions. `ports.py`, `adapters/`: RSA, which is too slow for a look.
- `endpoints.py`: what clients ask over HTTP. `seal.py`, `reseal.py`: the other direction, for commands and clients.
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
"""Enough for the threads never to wait for the event loop."""


def controllers(settings: Settings, metrics: Metrics | None = None) -> tuple[Controller[Any], ...]:
    measure = metrics.measure if metrics is not None else None
    return (unseal.controller(settings, measure), renewal.controller(settings), copies.controller())


def answerers(opener: Opener, keys: KeyMaker) -> Mapping[type[Any], Answerer]:
    """The engine hands out news before what a start looks at again; what it has handed out is not called back, so that
    it hands out few at once: else a new object waits behind all of a cold start."""
    return {
        Unseal: Answerer(answer=opener.answer, limit=OPENED_AT_ONCE, timeout=OPENING_SECONDS),
        MakeKey: Answerer(answer=keys.make, limit=1, timeout=MAKING_SECONDS),
    }
