"""Amazon Route 53, with a key, with the machine's own credentials if that is allowed, and with a role."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as Xml

from argosy.certs.adapters.aws_identity import parsed, role_by_key, role_by_token
from argosy.certs.adapters.dns.provider import Api, ProviderError, shortened
from argosy.sources.cloud.aws_signing import AwsCredentials, signed_headers

STS: Final = "https://sts.amazonaws.com"
TTL: Final = 10
_SPACE: Final = "https://route53.amazonaws.com/doc/2013-04-01/"


class Partition(NamedTuple):
    """The endpoint of an AWS partition, and the region for which its requests are signed."""

    url: str
    region: str


_PARTITIONS: Final = {
    "cn-": Partition("https://route53.amazonaws.com.cn", "cn-northwest-1"),
    "us-gov-": Partition("https://route53.us-gov.amazonaws.com", "us-gov-west-1"),
}
WORLD: Final = Partition("https://route53.amazonaws.com", "us-east-1")


def partition_of(region: str) -> Partition:
    return next((found for prefix, found in _PARTITIONS.items() if region.startswith(prefix)), WORLD)


@dataclass(frozen=True, slots=True)
class Route53:
    """`base` returns the credentials with which a role is assumed; `web_token` a token to use instead."""

    api: Api
    base: Callable[[], Awaitable[AwsCredentials]]
    role: str = ""
    zone_id: str = ""
    web_token: Callable[[], Awaitable[str]] | None = None
    partition: Partition = WORLD
    sts: str = STS

    async def present(self, fqdn: str, zone: str, value: str) -> None:
        await self._change(fqdn, zone, value, adding=True)

    async def remove(self, fqdn: str, zone: str, value: str) -> None:
        await self._change(fqdn, zone, value, adding=False)

    async def _change(self, fqdn: str, zone: str, value: str, *, adding: bool) -> None:
        credentials = await self._credentials()
        zone_id = self.zone_id or await self._zone(zone, credentials)
        place = f"{self.partition.url}/2013-04-01/hostedzone/{quote(zone_id, safe='')}"
        there, ttl = await self._values(place, fqdn, credentials)
        kept = [one for one in there if one != value]
        wanted = [*kept, value] if adding else kept
        if wanted == there or (not adding and value not in there):
            return
        action, values = ("UPSERT", wanted) if wanted else ("DELETE", there)
        await self._call("POST", f"{place}/rrset", credentials, _batch(action, fqdn, values, TTL if wanted else ttl))

    async def _zone(self, zone: str, credentials: AwsCredentials) -> str:
        query = urlencode({"dnsname": zone, "maxitems": "10"})
        found = await self._call("GET", f"{self.partition.url}/2013-04-01/hostedzonesbyname?{query}", credentials)
        for one in found.iter(f"{{{_SPACE}}}HostedZone"):
            private = one.findtext(f"{{{_SPACE}}}Config/{{{_SPACE}}}PrivateZone", "false")
            if one.findtext(f"{{{_SPACE}}}Name") == zone and private != "true":
                return (one.findtext(f"{{{_SPACE}}}Id") or "").rpartition("/")[2]
        raise ProviderError(f"route53 has no public zone {zone} that these credentials may see")

    async def _values(self, place: str, fqdn: str, credentials: AwsCredentials) -> tuple[list[str], int]:
        query = urlencode({"name": fqdn, "type": "TXT", "maxitems": "1"})
        found = await self._call("GET", f"{place}/rrset?{query}", credentials)
        for one in found.iter(f"{{{_SPACE}}}ResourceRecordSet"):
            same = one.findtext(f"{{{_SPACE}}}Name") == fqdn and one.findtext(f"{{{_SPACE}}}Type") == "TXT"
            if same:
                values = [(value.text or "").strip('"') for value in one.iter(f"{{{_SPACE}}}Value")]
                return values, int(one.findtext(f"{{{_SPACE}}}TTL") or TTL)
        return [], TTL

    async def _credentials(self) -> AwsCredentials:
        if self.web_token is not None:
            return await role_by_token(self.api, self.sts, self.role, await self.web_token())
        base = await self.base()
        return await role_by_key(self.api, self.sts, self.role, base) if self.role else base

    async def _call(self, method: str, url: str, credentials: AwsCredentials, body: bytes = b"") -> Xml.Element:
        now = self.api.clock.now()
        headers = signed_headers(method, url, body, credentials, now, service="route53", region=self.partition.region)
        if body:
            headers["Content-Type"] = "application/xml"
        answer = await self.api.send(method, url, headers, body or None)
        if answer.status >= 300:
            raise ProviderError(f"route53 answered {answer.status}: {shortened(answer.body)}")
        return parsed(self.api.name, answer.body)


def _batch(action: str, fqdn: str, values: list[str], ttl: int) -> bytes:
    root = Xml.Element("ChangeResourceRecordSetsRequest", xmlns=_SPACE)
    changes = Xml.SubElement(Xml.SubElement(root, "ChangeBatch"), "Changes")
    change = Xml.SubElement(changes, "Change")
    Xml.SubElement(change, "Action").text = action
    rrset = Xml.SubElement(change, "ResourceRecordSet")
    for name, text in (("Name", fqdn), ("Type", "TXT"), ("TTL", str(ttl))):
        Xml.SubElement(rrset, name).text = text
    records = Xml.SubElement(rrset, "ResourceRecords")
    for value in values:
        Xml.SubElement(Xml.SubElement(records, "ResourceRecord"), "Value").text = f'"{value}"'
    return bytes(Xml.tostring(root, xml_declaration=True, encoding="utf-8"))
