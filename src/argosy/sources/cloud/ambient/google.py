"""Google: the workload identity from the metadata server, used to act as a project's own service account.

Where that account does not exist or may not be used, the identity of this process is used. Source: spec/kargo-api.md 8,
the metadata server's documentation, and `generateAccessToken` of the IAM Service Account Credentials API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import orjson
import re2

from argosy.runtime.clock import Clock
from argosy.sources.cloud.ambient.machine import MachineServices
from argosy.sources.cloud.ambient.passwords import ANSWER_LIMIT, SECONDS, Password, json_object
from argosy.sources.cloud.ambient.registries import CloudRegistry
from argosy.sources.cloud.tokens import GOOGLE_REGISTRY_USER, GOOGLE_SCOPE
from argosy.sources.egress import Answer, Egress, refused_status
from argosy.sources.port import Credentials, Unavailable

HOST: Final = "GCE_METADATA_HOST"
"""Google's own variable for another address of the metadata server; it also says that there is one."""
ADDRESS: Final = "169.254.169.254"
NAMES: Final = (ADDRESS, "metadata.google.internal", "metadata.google.internal.")
FLAVOR: Final = {"Metadata-Flavor": "Google"}
IAM: Final = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
PRODUCT: Final = Path("/sys/class/dmi/id/product_name")
_PROJECT: Final = re2.compile(r"[a-z0-9.:-]{1,100}")


def product() -> str:
    """What kind of machine this is; empty if it cannot be read."""
    try:
        return PRODUCT.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


class GoogleIdentity:
    """`product`: gives the name of the machine's kind. No request decides whether this is one of Google's."""

    def __init__(
        self,
        egress: Egress,
        clock: Clock,
        environment: Mapping[str, str],
        machine: MachineServices,
        product: Callable[[], str] = product,
    ) -> None:
        self._egress, self._clock, self._environment, self._machine = egress, clock, environment, machine
        self._product, self._exists, self._cloud_project = product, False, ""
        self._is_known = False

    @property
    def exists(self) -> bool:
        if not self._is_known:
            self._exists, self._is_known = (
                bool(self._environment.get(HOST)) or self._product().startswith("Google"),
                True,
            )
        return self._exists

    def scope(self, registry: CloudRegistry, project: str) -> tuple[str, ...]:
        return (project,)

    async def password(self, registry: CloudRegistry, project: str) -> Password | None:
        self._cloud_project = self._cloud_project or await self._project_id()
        found = json_object(
            await self._metadata("instance/service-accounts/default/token"), "Google: the metadata server"
        )
        now = self._clock.now().timestamp()
        try:
            token, expires = str(found["access_token"]), now + float(found["expires_in"])
        except (KeyError, TypeError, ValueError):
            raise Unavailable("Google: the metadata server's answer has no token") from None
        own = Password(GOOGLE_REGISTRY_USER, token, expires)
        return await self._as_project(own, project) or own

    async def _project_id(self) -> str:
        text = (await self._metadata("project/project-id")).body.decode("ascii", "replace").strip()
        if not _PROJECT.fullmatch(text):
            raise Unavailable("Google: the metadata server's answer is not the id of a project")
        return text

    async def _metadata(self, path: str) -> Answer:
        host = self._environment.get(HOST, "") or ADDRESS
        url = f"http://{ADDRESS if host in NAMES else host}/computeMetadata/v1/{path}"
        answer = await self._machine.get(url, FLAVOR, (ADDRESS,))
        if answer.status != 200:
            raise refused_status(answer, "Google: failed to read the metadata server")
        return answer

    async def _as_project(self, own: Password, project: str) -> Password | None:
        """None if the project has no account, or this process may not act as it."""
        account = f"kargo-project-{project}@{self._cloud_project}.iam.gserviceaccount.com"
        answer = await self._egress.request(
            "POST",
            f"{IAM}{quote(account, safe='@')}:generateAccessToken",
            Credentials(),
            limit=ANSWER_LIMIT,
            body=orjson.dumps({"scope": [GOOGLE_SCOPE]}),
            headers={"Content-Type": "application/json"},
            authorization=f"Bearer {own.value}",
            seconds=SECONDS,
        )
        if answer.status in (400, 401, 403, 404):
            return None
        if answer.status != 200:
            raise refused_status(answer, f"Google: failed to act as {account}")
        found = json_object(answer, "Google: the service for credentials")
        try:
            expires = datetime.fromisoformat(found["expireTime"]).timestamp()
            return Password(GOOGLE_REGISTRY_USER, str(found["accessToken"]), expires)
        except (KeyError, TypeError, ValueError):
            raise Unavailable(f"Google: the answer for {account} has no token") from None
