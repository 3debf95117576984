"""Answers questions about keys and signatures. Work of more than a few milliseconds runs in a thread."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final, TypeVar

from argosy.apis.certmanager import CertificateSpec
from argosy.apis.schema import read
from argosy.certs.pki import certificates, chains, keys, pem, requests, signing
from argosy.certs.ports import GenerateKey, MakeRequest, Signed, SignRequest, SignTemporary, Unfit
from argosy.machinery.controller import Hidden, Question
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer

T = TypeVar("T")
_SERIAL_BYTES: Final = 16
_TEMPORARY_CA: Final = "cert-manager.local"
_TEMPORARY_SERIAL: Final = 1234567890
"""Marks a temporary certificate."""
_THREADS: Final = 2
"""RSA keeps a core busy: more threads than this would only starve the event loop."""
_HELD_KEYS: Final = 16


class Crypto:
    """Keys come from the operating system's randomness, serial numbers and times from `Rng` and `Clock`."""

    def __init__(self, clock: Clock, rng: Rng) -> None:
        self._clock, self._rng = clock, rng.fork("certificates")
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="certificates")
        self._keys: dict[bytes, keys.Key] = {}

    def answerers(self) -> Mapping[type[Question[Any]], Answerer]:
        return {
            GenerateKey: Answerer(answer=self.generate, limit=4, timeout=300.0),
            MakeRequest: Answerer(answer=self.make_request, limit=8),
            SignRequest: Answerer(answer=self.sign, limit=8),
            SignTemporary: Answerer(answer=self.sign_temporary, limit=4),
        }

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def generate(self, question: GenerateKey) -> Hidden | Unfit:
        try:
            return await self._run(question.kind, lambda: Hidden(keys.encode(keys.generate(question.kind), "PKCS8")))
        except keys.KeyError_ as error:
            return Unfit(str(error))

    async def make_request(self, question: MakeRequest) -> bytes | Unfit:
        spec = read(CertificateSpec, json.loads(question.spec))

        def made() -> bytes:
            key = keys.load(_bytes(question.key))
            return requests.make(spec, key, encode_basic_constraints=question.encode_basic_constraints)

        try:
            return await self._run(keys.facts_of(_bytes(question.key)).kind, made)
        except ValueError as error:
            return Unfit(str(error))

    async def sign(self, question: SignRequest) -> Signed | Unfit:
        try:
            kind = keys.facts_of(_bytes(question.key)).kind
            return await self._run(kind, functools.partial(self._sign, question))
        except ValueError as error:
            return Unfit(str(error))

    def _sign(self, question: SignRequest) -> Signed:
        request = requests.read(question.request)
        template = signing.template_of(request, asked=question.usages, is_ca=question.is_ca)
        authority = certificates.chain_of(question.authority, pem.LARGEST_BUNDLE) if question.authority else ()
        signer = signing.Signer(key=self._loaded(question.key), certificate=authority[0] if authority else None)
        made = signing.sign(
            template,
            signer,
            serial=self._serial(),
            not_before=self._clock.now(),
            duration=timedelta(seconds=question.duration_seconds),
            pointers=question.pointers,
        )
        if not authority:
            return Signed(made, made)
        return Signed(*chains.bundle_of([*authority, certificates.first_of(made)]))

    async def sign_temporary(self, question: SignTemporary) -> bytes | Unfit:
        try:
            return await self._run(keys.KeyKind(keys.RSA, 0), functools.partial(self._temporary, question))
        except ValueError as error:
            return Unfit(str(error))

    def _temporary(self, question: SignTemporary) -> bytes:
        spec = read(CertificateSpec, json.loads(question.spec))
        ca_key = keys.generate(keys.KeyKind(keys.ECDSA, 521))
        ca_spec = read(CertificateSpec, {"commonName": _TEMPORARY_CA, "isCA": True})
        ca = self._signed(requests.make(ca_spec, ca_key), signing.Signer(key=ca_key), ca_spec)
        signer = signing.Signer(key=ca_key, certificate=certificates.first_of(ca))
        request = requests.make(spec, keys.load(_bytes(question.key)))
        return self._signed(request, signer, spec, _TEMPORARY_SERIAL)

    def _signed(self, request: bytes, signer: signing.Signer, spec: CertificateSpec, serial: int = 0) -> bytes:
        return signing.sign(
            signing.template_of(requests.read(request), asked=spec.usages, is_ca=spec.is_ca),
            signer,
            serial=serial or self._serial(),
            not_before=self._clock.now(),
            duration=signing.DEFAULT_DURATION,
            pointers=signing.Pointers(),
        )

    def _serial(self) -> int:
        """128 random bits, positive and never zero."""
        return int.from_bytes(self._rng.token_bytes(_SERIAL_BYTES), "big") or 1

    def _loaded(self, hidden: Hidden) -> keys.Key:
        """A CA's key is checked once and cached, not checked for each of ten thousand signatures."""
        text = _bytes(hidden)
        digest = hashlib.sha256(text).digest()
        if digest not in self._keys:
            while len(self._keys) >= _HELD_KEYS:
                self._keys.pop(next(iter(self._keys)))
            self._keys[digest] = keys.load(text)
        return self._keys[digest]

    async def _run(self, kind: keys.KeyKind, work: Callable[[], T]) -> T:
        """RSA runs in a thread; all else takes less than a millisecond."""
        if kind.algorithm != keys.RSA:
            return work()
        return await self._clock.external(self._in_thread(work))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _bytes(hidden: Hidden) -> bytes:
    return hidden.value if isinstance(hidden.value, bytes) else hidden.value.encode()
