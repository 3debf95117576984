"""Which cloud a registry belongs to, by its exact host.

A token of the process is only sent to these hosts, so each label is checked: a host that merely contains one of the
names is another's. Source: spec/kargo-api.md 8 and spec/security.md rules 5 and 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import re2

Cloud = Literal["aws", "google", "azure"]

_AWS: Final = re2.compile(r"([0-9]{12})\.dkr\.ecr\.([a-z0-9-]{1,40})\.amazonaws\.com(\.cn)?")
_GOOGLE: Final = re2.compile(r"(?:[a-z0-9-]{1,63}\.)?gcr\.io|[a-z0-9-]{1,50}-docker\.pkg\.dev")
_AZURE: Final = re2.compile(r"[a-z0-9-]{1,63}\.azurecr\.io")


@dataclass(frozen=True, slots=True)
class CloudRegistry:
    host: str
    cloud: Cloud
    account: str = ""
    """Of AWS: the number of the account that owns the registry."""
    region: str = ""


def cloud_registry(host: str) -> CloudRegistry | None:
    """None for any other registry. `host` is in lower case, and has no port."""
    if (found := _AWS.fullmatch(host)) is not None:
        account, region, china = found.groups()
        return CloudRegistry(host, "aws", account, region) if region.startswith("cn-") == bool(china) else None
    if _GOOGLE.fullmatch(host) is not None:
        return CloudRegistry(host, "google")
    return CloudRegistry(host, "azure") if _AZURE.fullmatch(host) is not None else None
