"""AWS: an EKS Pod Identity, or the role of a ServiceAccount (IRSA), exchanged for a password of an ECR registry.

A project's own role is assumed first, in the registry's account, then in the account of this process; an identity that
is not authorized gives way to the next, at last to the process's own. Source: spec/kargo-api.md 8, and the
GetAuthorizationToken, AssumeRole and AssumeRoleWithWebIdentity calls of AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson

from argosy.runtime.clock import Clock
from argosy.sources.cloud.ambient.machine import MachineServices
from argosy.sources.cloud.ambient.passwords import Password
from argosy.sources.cloud.ambient.registries import CloudRegistry
from argosy.sources.cloud.aws_roles import TemporaryKey, TokenService, moment, partition
from argosy.sources.cloud.aws_signing import AwsCredentials
from argosy.sources.cloud.ecr import registry_password
from argosy.sources.egress import Egress, refused_status
from argosy.sources.github_app import EARLY_SECONDS
from argosy.sources.port import AccessDenied, Unavailable

POD_IDENTITY: Final = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
ADDRESSES: Final = ("169.254.170.23", "fd00:ec2::23", "169.254.170.2")
"""Of the agents of EKS (both families) and ECS that hand out a container's credentials."""
SESSION: Final = "kargo-controller"
SESSION_LIMIT: Final = 64


class AwsIdentity:
    def __init__(self, egress: Egress, clock: Clock, environment: Mapping[str, str], machine: MachineServices) -> None:
        self._egress, self._clock, self._environment, self._machine = egress, clock, environment, machine
        self._own: TemporaryKey | None = None
        self._account = ""

    @property
    def exists(self) -> bool:
        given = self._environment
        return bool(given.get(POD_IDENTITY) or (given.get("AWS_ROLE_ARN") and given.get("AWS_WEB_IDENTITY_TOKEN_FILE")))

    def scope(self, registry: CloudRegistry, project: str) -> tuple[str, ...]:
        return registry.account, registry.region, project

    async def password(self, registry: CloudRegistry, project: str) -> Password | None:
        region = self._environment.get("AWS_REGION") or self._environment.get("AWS_DEFAULT_REGION") or registry.region
        service = TokenService(self._egress, self._clock, self._environment, region)
        own = await self._own_key(service)
        self._account = self._account or await service.account(own)
        for role in roles(registry, self._account, partition(region), project):
            try:
                key = await self._assumed(service, own, role, project) if role else own
                expires, username, password = await registry_password(
                    self._egress, self._clock, self._environment, registry.region, key
                )
            except AccessDenied:
                continue
            return Password(username, password, expires)
        return None

    async def _assumed(self, service: TokenService, own: AwsCredentials, role: str, project: str) -> AwsCredentials:
        shard = self._environment.get("SHARD_NAME", "")
        session = f"{SESSION}-{shard}"[:SESSION_LIMIT] if shard else SESSION
        return (await service.role(own, role, session, f"kargo-project-{project}")).credentials

    async def _own_key(self, service: TokenService) -> AwsCredentials:
        if self._own is None or self._own.expires - EARLY_SECONDS <= self._clock.now().timestamp():
            self._own = await (self._by_token(service) if self._environment.get("AWS_ROLE_ARN") else self._of_pod())
        return self._own.credentials

    async def _by_token(self, service: TokenService) -> TemporaryKey:
        given = self._environment
        token = _content("AWS_WEB_IDENTITY_TOKEN_FILE", given.get("AWS_WEB_IDENTITY_TOKEN_FILE", ""))
        return await service.role_by_token(token, given["AWS_ROLE_ARN"], given.get("AWS_ROLE_SESSION_NAME") or SESSION)

    async def _of_pod(self) -> TemporaryKey:
        given, variable = self._environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
        file = given.get(variable, "")
        token = _content(variable, file) if file else given.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        headers = {"Authorization": token} if token else {}
        answer = await self._machine.get(given[POD_IDENTITY], headers, ADDRESSES)
        if answer.status != 200:
            raise refused_status(answer, "AWS: failed to get the container's credentials")
        try:
            found = orjson.loads(answer.body)
            key = AwsCredentials(str(found["AccessKeyId"]), str(found["SecretAccessKey"]), str(found["Token"]))
            return TemporaryKey(key, moment(str(found["Expiration"])))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Unavailable("AWS: the answer to a request for the container's credentials cannot be read") from None


def roles(registry: CloudRegistry, own_account: str, own_partition: str, project: str) -> tuple[str, ...]:
    """The ARNs to try in this order; "" is the process's own identity, which is shared by all projects."""
    in_registry = f"arn:{partition(registry.region)}:iam::{registry.account}:role/kargo-project-{project}"
    in_own = f"arn:{own_partition}:iam::{own_account}:role/kargo-project-{project}"
    return tuple(dict.fromkeys((in_registry, in_own, "")))


def _content(variable: str, file: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise AccessDenied(f"{variable}: {file}: {type(error).__name__}") from None
