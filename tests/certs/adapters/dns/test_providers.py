"""DNS providers by their APIs' recorded shapes: what is sent, what stays, and that no credential is shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from argosy.certs.adapters.dns.acme_dns import AcmeDns
from argosy.certs.adapters.dns.akamai import Akamai
from argosy.certs.adapters.dns.azure_dns import AzureDns, Principal
from argosy.certs.adapters.dns.cloud_dns import CloudDns
from argosy.certs.adapters.dns.cloudflare import Cloudflare
from argosy.certs.adapters.dns.digitalocean import DigitalOcean
from argosy.certs.adapters.dns.provider import Api, Provider, ProviderError
from argosy.certs.adapters.dns.route53 import Partition, Route53
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.sources.cloud.aws_signing import AwsCredentials, signed_headers
from argosy.sources.egress import Egress, EgressPolicy
from tests.kit.scripted_http import Asked, Reply, ScriptedHttp

FQDN, ZONE = "_acme-challenge.www.example.test.", "example.test."
SECRET = "canary-credential"


class Store:
    """The TXT values of one name, behind the shape of one provider."""

    def __init__(self, values: list[str]) -> None:
        self.values = values

    def cloudflare(self, asked: Asked) -> Reply:
        path = urlsplit(asked.path).path
        if path == "/zones":
            return 200, {"success": True, "result": [{"id": "z1", "name": "example.test"}]}
        if asked.method == "GET":
            listed = [{"id": f"r-{one}", "type": "TXT", "content": f'"{one}"'} for one in self.values]
            return 200, {"success": True, "result": listed}
        if asked.method == "DELETE":
            self.values.remove(path.rpartition("r-")[2])
        else:
            self.values.append(asked.json["content"].strip('"'))
        return 200, {"success": True, "result": {}}

    def digitalocean(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return 200, {"domain_records": [{"id": one, "type": "TXT", "data": one} for one in self.values]}
        if asked.method == "DELETE":
            self.values.remove(asked.path.rpartition("/")[2])
            return 204, b""
        self.values.append(asked.json["data"])
        return 201, {"domain_record": {}}

    def google(self, asked: Asked) -> Reply:
        path = urlsplit(asked.path).path
        if path.endswith("/managedZones"):
            return 200, {"managedZones": [{"name": "zone-1", "dnsName": ZONE, "visibility": "public"}]}
        rrset = {"name": FQDN, "type": "TXT", "ttl": 60, "rrdatas": [f'"{one}"' for one in self.values]}
        if path.endswith("/rrsets"):
            return 200, {"rrsets": [rrset] if self.values else []}
        assert asked.json["deletions"] == ([rrset] if self.values else [])
        self.values = [v.strip('"') for one in asked.json["additions"] for v in one["rrdatas"]]
        return 200, {"status": "done"}

    def azure(self, asked: Asked) -> Reply:
        if asked.path.endswith("/oauth2/v2.0/token"):
            assert parse_qs(asked.body.decode())["client_secret"] == [SECRET]
            return 200, {"access_token": "azure-token", "expires_in": 3600}
        assert asked.headers["authorization"] == "Bearer azure-token"
        if asked.method == "GET":
            records = [{"value": [one]} for one in self.values]
            return (200, {"etag": "e1", "properties": {"TXTRecords": records}}) if self.values else (404, {})
        self.values = [one["value"][0] for one in asked.json["properties"]["TXTRecords"]] if asked.body else []
        return 200, {}

    def route53(self, asked: Asked) -> Reply:
        space = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'
        path = urlsplit(asked.path).path
        if path.endswith("/hostedzonesbyname"):
            zone = f"<HostedZone><Id>/hostedzone/Z1</Id><Name>{ZONE}</Name></HostedZone>"
            return 200, f"<R {space}><HostedZones>{zone}</HostedZones></R>".encode()
        if asked.method == "GET":
            values = "".join(f'<ResourceRecord><Value>"{one}"</Value></ResourceRecord>' for one in self.values)
            found = f"<ResourceRecordSet><Name>{FQDN}</Name><Type>TXT</Type><TTL>10</TTL>{values}</ResourceRecordSet>"
            return 200, f"<R {space}>{found if self.values else ''}</R>".encode()
        text = asked.body.decode()
        values_sent = [part.partition("<")[0].strip('"') for part in text.split("<Value>")[1:]]
        self.values = [] if "<Action>DELETE" in text else values_sent
        return 200, f"<R {space}/>".encode()

    def akamai(self, asked: Asked) -> Reply:
        assert asked.headers["authorization"].startswith("EG1-HMAC-SHA256 client_token=t;access_token=a;timestamp=")
        if asked.method == "GET":
            return (200, {"rdata": [f'"{one}"' for one in self.values]}) if self.values else (404, {})
        self.values = [one.strip('"') for one in asked.json["rdata"]] if asked.method != "DELETE" else []
        return 200, {}


Make = Callable[[Api, str], Provider]


async def _token() -> str:
    return "google-token"


async def _key() -> AwsCredentials:
    return AwsCredentials("AKIDEXAMPLE", SECRET)


PROVIDERS: dict[str, Make] = {
    "cloudflare": lambda api, url: Cloudflare(api, {"Authorization": f"Bearer {SECRET}"}, url),
    "digitalocean": lambda api, url: DigitalOcean(api, f"Bearer {SECRET}", url),
    "google": lambda api, url: CloudDns(api, _token, "p", url=url),
    "azure": lambda api, url: AzureDns(
        api, Principal("t", "c", {"client_secret": SECRET}), "s", "g", login=url, management=url
    ),
    "route53": lambda api, url: Route53(api, _key, partition=Partition(url, "us-east-1")),
    "akamai": lambda api, url: Akamai(api, SystemRng(), url, "t", SECRET, "a"),
}


def asking(answer: Callable[[Asked], Reply], make: Make, doing: Callable[[Provider], Awaitable[None]]) -> list[Asked]:
    server = ScriptedHttp(answer)

    async def main() -> None:
        egress = Egress(EgressPolicy(allow_loopback=True))
        try:
            async with server.running():
                await doing(make(Api("provider", egress, RealClock()), server.url))
        finally:
            await egress.close()

    asyncio.run(main())
    return server.asked


@pytest.mark.parametrize("name", sorted(PROVIDERS))
@pytest.mark.parametrize("others", [[], ["other"]])
def test_a_value_is_added_once_and_taken_away_while_others_stay(name: str, others: list[str]) -> None:
    store = Store(list(others))

    async def doing(provider: Provider) -> None:
        for _ in range(2):
            await provider.present(FQDN, ZONE, "mine")
            assert store.values == [*others, "mine"]
        for _ in range(2):
            await provider.remove(FQDN, ZONE, "mine")
            assert store.values == others

    asking(getattr(store, name), PROVIDERS[name], doing)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_a_refusal_is_reported_with_its_status_and_without_credentials(name: str) -> None:
    async def doing(provider: Provider) -> None:
        with pytest.raises(ProviderError) as refused:
            await provider.present(FQDN, ZONE, "mine")
        assert "403" in str(refused.value)
        assert SECRET not in str(refused.value) + repr(refused.value)

    asking(lambda asked: (403, {"message": "no"}), PROVIDERS[name], doing)


def test_acme_dns_is_reported_with_the_account_of_the_domain() -> None:
    account = {"username": "u", "password": SECRET, "subdomain": "s", "fulldomain": "s.auth.test"}
    accounts = json.dumps({"www.example.test": account}).encode()

    async def doing(provider: Provider) -> None:
        await provider.present(FQDN, ZONE, "mine")

    asked = asking(
        lambda asked: (200, {"txt": "mine"}), lambda api, url: AcmeDns(api, url, accounts, "www.example.test"), doing
    )
    assert [(one.method, one.path, one.json) for one in asked] == [
        ("POST", "/update", {"subdomain": "s", "txt": "mine"})
    ]
    assert (asked[0].headers["x-api-user"], asked[0].headers["x-api-key"]) == ("u", SECRET)


def test_a_role_is_taken_before_the_zone_is_asked_for() -> None:
    store = Store([])

    def answer(asked: Asked) -> Reply:
        if asked.method == "POST" and urlsplit(asked.path).path == "/":
            form = parse_qs(asked.body.decode())
            assert form["Action"] == ["AssumeRole"] and form["RoleArn"] == ["arn:aws:iam::1:role/dns"]
            keys = "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>tok</SessionToken>"
            return 200, f"<R><Credentials>{keys}</Credentials></R>".encode()
        assert asked.headers["x-amz-security-token"] == "tok"
        return store.route53(asked)

    async def doing(provider: Provider) -> None:
        await provider.present(FQDN, ZONE, "mine")

    asking(
        answer,
        lambda api, url: Route53(api, _key, "arn:aws:iam::1:role/dns", partition=Partition(url, "us-east-1"), sts=url),
        doing,
    )
    assert store.values == ["mine"]


def test_requests_are_signed_as_the_published_example_is() -> None:
    """The vanilla GET of AWS's test suite for signature version 4."""
    now = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    key = AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    found = signed_headers(
        "GET", "https://example.amazonaws.com/", b"", key, now, service="service", region="us-east-1"
    )

    assert found["Authorization"].endswith("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")


def test_an_answer_with_a_document_type_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><R>&a;</R>'

    async def doing(provider: Provider) -> None:
        with pytest.raises(ProviderError, match="document type"):
            await provider.present(FQDN, ZONE, "mine")

    asking(lambda asked: (200, bomb), PROVIDERS["route53"], doing)
