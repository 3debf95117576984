"""Amazon Route 53, by a key, by the machine's own credentials where that is allowed, and by a role."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as Xml

from argosy.certs.adapters.dns.provider import Api, ProviderError, shortened
from argosy.sources.aws_signing import AwsCredentials, signed_headers

URL: Final = "https://route53.amazonaws.com"
STS: Final = "https://sts.amazonaws.com"
REGION: Final = "us-east-1"
TTL: Final = 10
_SPACE: Final = "https://route53.amazonaws.com/doc/2013-04-01/"
_SESSION_SECONDS: Final = "900"


@dataclass(frozen=True, slots=True)
class Route53:
    """`base` gives the credentials that a role is taken with; `web_token` a token for one, in their place."""

    api: Api
    base: Callable[[], Awaitable[AwsCredentials]]
    role: str = ""
    zone_id: str = ""
    web_token: Callable[[], Awaitable[str]] | None = None
    url: str = URL
    sts: str = STS

    async def present(self, fqdn: str, zone: str, value: str) -> None:
        await self._change(fqdn, zone, value, adding=True)

    async def remove(self, fqdn: str, zone: str, value: str) -> None:
        await self._change(fqdn, zone, value, adding=False)

    async def _change(self, fqdn: str, zone: str, value: str, *, adding: bool) -> None:
        credentials = await self._credentials()
        place = (
            f"{self.url}/2013-04-01/hostedzone/{quote(self.zone_id or await self._zone(zone, credentials), safe='')}"
        )
        there, ttl = await self._values(place, fqdn, credentials)
        kept = [one for one in there if one != value]
        wanted = [*kept, value] if adding else kept
        if wanted == there or (not adding and value not in there):
            return
        action, values = ("UPSERT", wanted) if wanted else ("DELETE", there)
        await self._call("POST", f"{place}/rrset", credentials, _batch(action, fqdn, values, TTL if wanted else ttl))

    async def _zone(self, zone: str, credentials: AwsCredentials) -> str:
        query = urlencode({"dnsname": zone, "maxitems": "10"})
        found = await self._call("GET", f"{self.url}/2013-04-01/hostedzonesbyname?{query}", credentials)
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
            form = {"Action": "AssumeRoleWithWebIdentity", "WebIdentityToken": await self.web_token()}
            return await self._assumed(form, None)
        base = await self.base()
        return await self._assumed({"Action": "AssumeRole"}, base) if self.role else base

    async def _assumed(self, form: dict[str, str], base: AwsCredentials | None) -> AwsCredentials:
        form |= {"Version": "2011-06-15", "RoleArn": self.role, "RoleSessionName": "argosy"}
        content = urlencode({**form, "DurationSeconds": _SESSION_SECONDS}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if base is not None:
            now = self.api.clock.now()
            headers |= signed_headers("POST", f"{self.sts}/", content, base, now, service="sts", region=REGION)
        answer = await self.api.send("POST", f"{self.sts}/", headers, content)
        if answer.status != 200:
            raise ProviderError(f"the role {self.role} was not given: status {answer.status}")
        found = {one.tag.rpartition("}")[2]: one.text or "" for one in _parsed(answer.body).iter()}
        try:
            return AwsCredentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        except KeyError:
            raise ProviderError(f"the answer for the role {self.role} holds no credentials") from None

    async def _call(self, method: str, url: str, credentials: AwsCredentials, body: bytes = b"") -> Xml.Element:
        now = self.api.clock.now()
        headers = signed_headers(method, url, body, credentials, now, service="route53", region=REGION)
        if body:
            headers["Content-Type"] = "application/xml"
        answer = await self.api.send(method, url, headers, body or None)
        if answer.status >= 300:
            raise ProviderError(f"route53 answered {answer.status}: {shortened(answer.body)}")
        return _parsed(answer.body)


def _parsed(body: bytes) -> Xml.Element:
    """Answers hold no document types: one with any is refused before entities could grow."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ProviderError("route53 answered with a document type")
    try:
        return Xml.fromstring(body)  # noqa: S314 without a document type there is nothing to expand
    except Xml.ParseError:
        raise ProviderError("route53 did not answer with XML") from None


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
