"""Answers this room's questions about TXT records: finds where a record belongs, and asks the solver's provider."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any

from argosy.certs.acme.ports import CheckRecord, Done, NotYet, PresentRecord, Record, RemoveRecord, Visible
from argosy.certs.adapters.dns.lookup import Lookup, LookupFailed
from argosy.certs.adapters.dns.provider import Provider, ProviderError
from argosy.certs.adapters.dns.providers import SolverContext, provider_of
from argosy.machinery.controller import Question
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from argosy.sources.cloud.tokens import CloudTokens
from argosy.sources.egress import Egress

Change = Callable[[str, str, str], Awaitable[None]]
"""(name, zone, value)"""


class Records:
    """Builds any provider; each is built for one question."""

    def __init__(self, egress: Egress, client: Client, clock: Clock, rng: Rng, lookup: Lookup) -> None:
        self._clock, self._lookup = clock, lookup
        self._context = SolverContext(egress, client, clock, rng.fork("dns"), CloudTokens(egress, clock, {}))

    def answerers(self) -> Mapping[type[Question[Any]], Answerer]:
        return {
            PresentRecord: Answerer(answer=self.present, limit=16, lane=_lane, per_lane=4),
            RemoveRecord: Answerer(answer=self.remove, limit=16, lane=_lane, per_lane=4),
            CheckRecord: Answerer(answer=self.check, limit=32, timeout=120.0),
        }

    async def present(self, asked: PresentRecord) -> Done | NotYet:
        return await self._changed(asked.record, lambda provider: provider.present)

    async def remove(self, asked: RemoveRecord) -> Done | NotYet:
        return await self._changed(asked.record, lambda provider: provider.remove)

    async def check(self, asked: CheckRecord) -> Visible | NotYet:
        record = asked.record
        looked = self._lookup.missing_at(
            challenge_name(record.domain), record.value, record.nameservers, recursive_only=record.recursive_only
        )
        try:
            missing = await self._clock.external(looked)
        except LookupFailed as error:
            return NotYet(str(error))
        return NotYet(missing) if missing else Visible()

    async def _changed(self, record: Record, what: Callable[[Provider], Change]) -> Done | NotYet:
        config: JsonObject = json.loads(record.config)
        try:
            provider = provider_of(self._context, record, config)
            fqdn, zone = await self._clock.external(self._place(record, config))
            await what(provider)(fqdn, zone, record.value)
        except (ProviderError, LookupFailed) as error:
            return NotYet(str(error))
        return Done(fqdn, zone)

    async def _place(self, record: Record, config: JsonObject) -> tuple[str, str]:
        fqdn = challenge_name(record.domain)
        if config.get("cnameStrategy") == "Follow":
            fqdn = await self._lookup.end_of(fqdn, record.nameservers)
        if "acmeDNS" in config:
            return fqdn, fqdn  # its account determines the zone
        return fqdn, await self._lookup.zone_of(fqdn, record.nameservers)


def challenge_name(domain: str) -> str:
    return f"_acme-challenge.{domain.rstrip('.')}."


def _lane(question: PresentRecord | RemoveRecord) -> Hashable:
    return question.record.config
