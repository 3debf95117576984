"""Names of API groups, for code that needs none of their types."""

from __future__ import annotations

from typing import Final

CERT_MANAGER: Final = "cert-manager.io"
ACME: Final = "acme.cert-manager.io"
