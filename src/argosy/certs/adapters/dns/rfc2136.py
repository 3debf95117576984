"""Dynamic updates (RFC 2136), signed by TSIG, at any DNS server that accepts them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import dns.asyncquery
import dns.exception
import dns.name
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update

from argosy.certs.adapters.dns.lookup import SECONDS, host_and_port
from argosy.certs.adapters.dns.provider import TTL, ProviderError
from argosy.runtime.clock import Clock

ALGORITHMS: Final = {
    "": dns.tsig.HMAC_MD5,
    "HMACMD5": dns.tsig.HMAC_MD5,
    "HMACSHA1": dns.tsig.HMAC_SHA1,
    "HMACSHA256": dns.tsig.HMAC_SHA256,
    "HMACSHA512": dns.tsig.HMAC_SHA512,
}


@dataclass(frozen=True, slots=True)
class Rfc2136:
    """`secret` is base64, as in key files; without a key name updates are not signed."""

    clock: Clock
    nameserver: str
    key_name: str
    algorithm: str
    secret: bytes
    protocol: str

    @classmethod
    def of(cls, clock: Clock, config: Mapping[str, Any], secret: bytes) -> Rfc2136:
        return cls(
            clock,
            str(config.get("nameserver") or ""),
            str(config.get("tsigKeyName") or ""),
            str(config.get("tsigAlgorithm") or ""),
            secret,
            str(config.get("protocol") or "UDP"),
        )

    async def present(self, fqdn: str, zone: str, value: str) -> None:
        update = self._update(zone)
        update.add(dns.name.from_text(fqdn), TTL, "TXT", f'"{value}"')
        await self._send(update)

    async def remove(self, fqdn: str, zone: str, value: str) -> None:
        update = self._update(zone)
        update.delete(dns.name.from_text(fqdn), "TXT", f'"{value}"')
        await self._send(update)

    def _update(self, zone: str) -> dns.update.UpdateMessage:
        if not self.key_name:
            return dns.update.UpdateMessage(zone)
        algorithm = ALGORITHMS.get(self.algorithm.upper())
        if algorithm is None:
            raise ProviderError(
                f"tsigAlgorithm: {self.algorithm!r} is not one of {', '.join(filter(None, ALGORITHMS))}"
            )
        try:
            name = self.key_name.rstrip(".") + "."
            text = self.secret.decode("ascii").strip()
            base64.b64decode(text, validate=True)
            ring = dns.tsigkeyring.from_text({name: text})
        except (binascii.Error, ValueError):
            raise ProviderError("the TSIG secret is not base64 text") from None
        return dns.update.UpdateMessage(zone, keyring=ring, keyname=dns.name.from_text(name), keyalgorithm=algorithm)

    async def _send(self, update: dns.update.UpdateMessage) -> None:
        try:
            host, port = host_and_port(self.nameserver)
        except ValueError:
            raise ProviderError(f"nameserver: {self.nameserver!r} is not an IP address with an optional port") from None
        ask = dns.asyncquery.tcp if self.protocol.upper() == "TCP" else dns.asyncquery.udp
        try:
            answer = await self.clock.external(ask(update, host, timeout=SECONDS, port=port))
        except dns.tsig.PeerError as error:
            raise ProviderError(f"{self.nameserver} refused the signature: {type(error).__name__}") from None
        except (dns.exception.DNSException, OSError) as error:
            raise ProviderError(f"{self.nameserver} did not take the update: {type(error).__name__}") from None
        if answer.rcode() != dns.rcode.NOERROR:
            raise ProviderError(f"{self.nameserver} refused the update: {dns.rcode.to_text(answer.rcode())}")
