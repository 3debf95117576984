"""The HTTP API for clients: the certificate to seal with, whether an object can be decrypted, re-encryption.

Source: sealed-secrets, pkg/controller/server.go. Methods are not checked. Answers hold no value and no key: `verify`
answers yes or no to every user of the cluster, and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from argosy.apis.bitnami import SealedSecret
from argosy.apis.schema import read
from argosy.machinery.objects import JsonValue
from argosy.machinery.text.yaml import YamlError, load_documents
from argosy.sealing.adapters.opening import Opener
from argosy.sealing.assembly import API_VERSION, Unopened, sealed_label
from argosy.sealing.keyring import KeyRing
from argosy.sealing.ports import Opened
from argosy.sealing.rates import Rates
from argosy.sealing.reseal import resealed, rotated
from argosy.sealing.seal import Entropy, Sealer, SealError

TEXT: Final = "text/plain; charset=utf-8"
BODY_LIMIT: Final = 2 * 1024 * 1024
"""Limit in bytes; an API server accepts no larger object."""
WAITING_LIMIT: Final = 64
"""How many requests may wait for RSA at once; further clients are told to retry."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    content_type: str = TEXT


NOT_FOUND: Final = Answer(404, b"404 page not found\n")
UNREADABLE: Final = Answer(500)
TOO_MANY: Final = Answer(429, b"limit exceeded\n")


class Endpoints:
    """`ring` returns the current keys; `monotonic` seconds for the rate limit of `/v1/verify`."""

    def __init__(
        self,
        opener: Opener,
        ring: Callable[[], KeyRing],
        entropy: Entropy,
        monotonic: Callable[[], float],
        rates: Rates,
    ) -> None:
        self._opener, self._ring, self._entropy = opener, ring, entropy
        self._monotonic, self._rates = monotonic, rates
        self._waiting = 0

    async def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Header names are in lower case."""
        match path:
            case "/healthz":
                return Answer(200, b"ok\n")
            case "/v1/cert.pem":
                return self._certificate()
            case "/v1/verify":
                client = headers.get("x-forwarded-for") or ""
                allowed = self._rates.allows(client, self._monotonic())
                return await self.verify(body) if allowed else TOO_MANY
            case "/v1/rotate":
                return await self._bounded(self._rotate, body)
            case "/v1/reseal":
                return await self.reseal(body)
            case _:
                return NOT_FOUND

    async def verify(self, body: bytes) -> Answer:
        """200 or 409, and nothing more. The rate is the caller's."""
        return await self._bounded(self._verify, body)

    async def reseal(self, body: bytes) -> Answer:
        """Argosy only: `{"items": {...}}`, re-encrypted, of those that the newest key did not seal.

        The template is not included. If items cannot be decrypted: 409 and `{"unopened": [...]}`, their keys.
        """
        return await self._bounded(self._reseal, body)

    def _certificate(self) -> Answer:
        newest = self._ring().newest
        if newest is None:
            return Answer(500, b"no sealing key yet\n")
        return Answer(200, newest.key.certificate_pem, "application/x-pem-file")

    async def _bounded(self, work: Any, body: bytes) -> Answer:
        if self._waiting >= WAITING_LIMIT:
            return TOO_MANY
        self._waiting += 1
        try:
            sealed = await self._opener.in_background(partial(sealed_secret_of, body))
            if sealed is None:
                return UNREADABLE
            found: Answer = await work(sealed)
            return found
        finally:
            self._waiting -= 1

    async def _verify(self, sealed: SealedSecret) -> Answer:
        return Answer(409) if isinstance(await self._open(sealed), Unopened) else Answer(200)

    async def _rotate(self, sealed: SealedSecret) -> Answer:
        newest = self._ring().newest
        found = await self._open(sealed)
        if newest is None or isinstance(found, Unopened):
            return Answer(500)
        try:
            sealer = Sealer(newest.key.public, self._entropy)
            made = await self._opener.in_background(partial(rotated, sealed, found.secret, sealer))
        except SealError:
            return Answer(500)
        return Answer(200, orjson.dumps(made) + b"\n")

    async def _reseal(self, sealed: SealedSecret) -> Answer:
        newest = self._ring().newest
        if newest is None:
            return Answer(500)
        label = sealed_label(sealed)
        found = await self._opener.items(sealed, self._ring(), label, asked=True)
        items = sealed.spec.encrypted_data
        made = await self._opener.in_background(partial(resealed, items, found, label, newest.key, self._entropy))
        if isinstance(made, tuple):
            return Answer(409, orjson.dumps({"unopened": made}) + b"\n", "application/json")
        return Answer(200, orjson.dumps({"items": made}) + b"\n", "application/json")

    async def _open(self, sealed: SealedSecret) -> Opened | Unopened:
        """After the controller's own work."""
        return await self._opener.open(sealed, self._ring(), sealed_label(sealed), asked=True)


def sealed_secret_of(body: bytes) -> SealedSecret | None:
    """One SealedSecret in JSON or YAML; None for anything else."""
    if len(body) > BODY_LIMIT:
        return None
    try:
        documents = _documents(body)
    except (YamlError, UnicodeDecodeError, RecursionError):
        return None
    if len(documents) != 1 or not isinstance(documents[0], dict):
        return None
    found = documents[0]
    if (found.get("apiVersion"), found.get("kind")) != (API_VERSION, "SealedSecret") or not is_sound(found):
        return None
    return read(SealedSecret, found)


def _documents(body: bytes) -> list[JsonValue]:
    """JSON by the fast path; everything else as YAML, which includes JSON with errors."""
    try:
        return [orjson.loads(body)]
    except orjson.JSONDecodeError:
        return load_documents(body)


def is_sound(found: Mapping[str, Any]) -> bool:
    """Validated by the schema: no API server has seen this object."""
    metadata, spec = found.get("metadata"), found.get("spec") or {}
    if not isinstance(metadata, dict) or not isinstance(spec, dict):
        return False
    template = spec.get("template") or {}
    if not isinstance(template, dict) or not isinstance(template.get("metadata") or {}, dict):
        return False
    maps = (spec.get("encryptedData"), metadata.get("annotations"), metadata.get("labels"), template.get("data"))
    texts = (metadata.get("name"), metadata.get("namespace"), spec.get("data"), template.get("type"))
    return all(map(_is_texts, maps)) and all(text is None or isinstance(text, str) for text in texts)


def _is_texts(found: Any) -> bool:
    return found is None or (isinstance(found, dict) and all(isinstance(text, str) for text in found.values()))
