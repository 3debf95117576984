"""Names of API groups that are asked for where none of their types is needed."""

from __future__ import annotations

from typing import Final

CERT_MANAGER: Final = "cert-manager.io"
ACME: Final = "acme.cert-manager.io"
