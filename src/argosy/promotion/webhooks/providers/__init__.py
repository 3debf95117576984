"""One file per provider, each `read(delivery, secret, block) -> Meaning`, listed in one table.

`block` is the receiver's block of that name. `generic` is not in it: it selects its targets itself (see `..generic`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.promotion.webhooks.delivery import Delivery, Meaning
from argosy.promotion.webhooks.providers import (
    artifactory,
    azure,
    bitbucket,
    dockerhub,
    gitea,
    github,
    gitlab,
    harbor,
    quay,
)

PROVIDERS: Final[Mapping[str, Callable[[Delivery, str, Mapping[str, Any]], Meaning]]] = {
    "artifactory": artifactory.read,
    "azure": azure.read,
    "bitbucket": bitbucket.read,
    "dockerhub": dockerhub.read,
    "gitea": gitea.read,
    "github": github.read,
    "gitlab": gitlab.read,
    "harbor": harbor.read,
    "quay": quay.read,
}
