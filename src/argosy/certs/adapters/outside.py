"""All external services that this room asks: ACME servers, DNS, websites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.certs.acme.ports import CheckWebsite
from argosy.certs.adapters.acme.answering import Acme, unobserved
from argosy.certs.adapters.acme.session import Observed
from argosy.certs.adapters.dns.lookup import Lookup
from argosy.certs.adapters.dns.records import Records
from argosy.certs.adapters.rights import Rights
from argosy.certs.adapters.vault import Vault
from argosy.certs.adapters.website import SECONDS, TIMES, Websites
from argosy.certs.ports import MayRefer
from argosy.machinery.controller import Question
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from argosy.sources.egress import Egress, EgressPolicy


class Outside:
    """`policy` is the `egress` policy, for protocols other than HTTP."""

    def __init__(
        self,
        egress: Egress,
        policy: EgressPolicy,
        client: Client,
        clock: Clock,
        rng: Rng,
        observed: Observed = unobserved,
    ) -> None:
        lookup = Lookup(egress, policy)
        self._acme = Acme(egress, clock, observed)
        self._records = Records(egress, client, clock, rng, lookup)
        self._rights = Rights(client)
        self._vault = Vault(egress, client, clock)
        self._websites = Websites(egress, clock, lookup)

    def answerers(self) -> Mapping[type[Question[Any]], Answerer]:
        website = Answerer(answer=self._websites.check, limit=32, timeout=2 * TIMES * SECONDS)
        rights = Answerer(answer=self._rights.may_refer)
        return {
            **self._acme.answerers(),
            **self._records.answerers(),
            **self._vault.answerers(),
            CheckWebsite: website,
            MayRefer: rights,
        }
