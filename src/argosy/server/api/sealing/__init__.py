"""Sealing by a sign-in: what a kubeconfig allows through the controller's Service and the key Secrets, for users.

- `public_keys.py`: the certificates that seal and open.
- `requests_to_controller.py`: whether a SealedSecret opens, and its items sealed with the newest key.
  `controller.py`: the keys, and the limits for each caller, of these.
- `private_keys.py`: new keys, their encrypted backup, and restoring one.
- `key_secrets.py`: the Secrets of the keys, and the rights on them.
"""

from __future__ import annotations

from argosy.server.api.endpoint import Endpoint
from argosy.server.api.sealing.private_keys import private_key_endpoints
from argosy.server.api.sealing.public_keys import public_key_endpoints
from argosy.server.api.sealing.requests_to_controller import controller_endpoints
from argosy.server.context import ServerContext


def sealing_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    return (*public_key_endpoints(context), *controller_endpoints(context), *private_key_endpoints(context))
