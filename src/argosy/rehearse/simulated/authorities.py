"""Simulated ACME servers and Vaults: each signs every request with a throw-away CA."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from argosy.certs.adapters.acme.simulated import SimulatedAcme
from argosy.certs.adapters.acme.simulated_authority import SimulatedAuthority
from argosy.certs.ports import Signed
from argosy.certs.vault.ports import CheckVault, SignByVault, Verified
from argosy.machinery.controller import Question
from argosy.rehearse.notes import Notes
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer

LIFE: Final = timedelta(days=30)


def answerers(clock: Clock, rng: Rng, notes: Notes) -> Mapping[type[Question[Any]], Answerer]:
    vault = _SimulatedVault(clock, notes)
    return {
        **SimulatedAcme(clock, rng).answerers(),
        CheckVault: Answerer(answer=vault.check),
        SignByVault: Answerer(answer=vault.sign),
    }


class _SimulatedVault:
    def __init__(self, clock: Clock, notes: Notes) -> None:
        self._clock, self._notes = clock, notes
        self._authority: SimulatedAuthority | None = None

    async def check(self, question: CheckVault) -> Verified:
        self._notes.add("assumed", "Vault lets its issuers sign in")
        return Verified()

    async def sign(self, question: SignByVault) -> Signed:
        if self._authority is None:
            self._authority = SimulatedAuthority("Rehearsed Root", "Rehearsed Vault", "ECDSA", self._clock)
        request = x509.load_pem_x509_csr(question.request).public_bytes(Encoding.DER)
        chain = self._authority.issued(request, timedelta(seconds=question.duration_seconds) or LIFE)
        _, mark, above = chain.partition(END)
        return Signed(chain, above) if mark else Signed(chain, b"")


END: Final = b"-----END CERTIFICATE-----\n"
