"""Chooses the identity for a registry, and keeps its password until shortly before it expires.

That a cloud gives a project nothing is remembered for a minute; that it did not answer is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from argosy.runtime.clock import Clock
from argosy.sources.cloud.ambient.aws import AwsIdentity
from argosy.sources.cloud.ambient.azure import AzureIdentity
from argosy.sources.cloud.ambient.google import GoogleIdentity
from argosy.sources.cloud.ambient.machine import MachineServices
from argosy.sources.cloud.ambient.passwords import AmbientIdentity, Password
from argosy.sources.cloud.ambient.registries import CloudRegistry, cloud_registry
from argosy.sources.cloud.tokens import CloudTokens
from argosy.sources.coalesce import Turns
from argosy.sources.egress import Egress
from argosy.sources.github_app import EARLY_SECONDS
from argosy.sources.port import AccessDenied, Credentials

NEGATIVE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Known:
    until: float
    password: Password | None
    refusal: str = ""


class AmbientTokens:
    def __init__(self, clock: Clock, identities: Mapping[str, AmbientIdentity]) -> None:
        """`identities`: by cloud."""
        self._clock, self._identities = clock, identities
        self._known: dict[tuple[str, ...], _Known] = {}
        self._turns: Turns[_Known] = Turns()

    @classmethod
    def of(cls, egress: Egress, clock: Clock, environment: Mapping[str, str], clouds: CloudTokens) -> AmbientTokens:
        """The identities that the environment names. Rehearsals, which only read, use none."""
        if egress.policy.read_only:
            return cls(clock, {})
        machine = MachineServices(egress)
        aws, google = (
            AwsIdentity(egress, clock, environment, machine),
            GoogleIdentity(egress, clock, environment, machine),
        )
        return cls(clock, {"aws": aws, "google": google, "azure": AzureIdentity(egress, clock, environment, clouds)})

    async def effective(self, credentials: Credentials) -> Credentials:
        """With user name and password, or with neither if this process has no identity there.

        Raises AccessDenied or Unavailable.
        """
        registry, project = cloud_registry(credentials.ambient_registry), credentials.ambient_project
        bare = replace(credentials, ambient_registry="", ambient_project="")
        identity = self._identities.get(registry.cloud) if registry else None
        if registry is None or identity is None or not identity.exists:
            return bare
        scope = (registry.cloud, *identity.scope(registry, project))
        if (known := self._fresh(scope)) is None:
            shared = self._turns.share(scope, lambda: self._asked(scope, identity, registry, project))
            known = await self._clock.external(shared)
        if known.refusal:
            raise AccessDenied(known.refusal)
        if known.password is None:
            return bare
        return replace(bare, username=known.password.username, password=known.password.value)

    def _fresh(self, scope: tuple[str, ...]) -> _Known | None:
        known = self._known.get(scope)
        return known if known is not None and self._clock.now().timestamp() < known.until else None

    async def _asked(
        self, scope: tuple[str, ...], identity: AmbientIdentity, registry: CloudRegistry, project: str
    ) -> _Known:
        if (known := self._fresh(scope)) is not None:
            return known  # the run before this one got it
        password, refusal = None, ""
        try:
            password = await identity.password(registry, project)
        except AccessDenied as error:
            refusal = str(error)
        now = self._clock.now().timestamp()
        until = password.expires - EARLY_SECONDS if password else now + NEGATIVE_SECONDS
        self._known = {name: one for name, one in self._known.items() if one.until > now}
        found = self._known[scope] = _Known(until, password, refusal)
        return found
