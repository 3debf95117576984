"""Providers that check signatures: a complete change at each, signed as its own documentation requires."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from argosy.certs.adapters import aws_identity as identity
from argosy.certs.adapters.dns.akamai import Akamai
from argosy.certs.adapters.dns.azure_dns import AzureDns
from argosy.certs.adapters.dns.azure_identity import ADDRESS, MachineIdentity, machine_token
from argosy.certs.adapters.dns.cloud_dns import CloudDns
from argosy.certs.adapters.dns.provider import Api, Provider, ProviderError
from argosy.certs.adapters.dns.route53 import Partition, Route53, partition_of
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.sources.cloud.aws_signing import AwsCredentials
from argosy.sources.cloud.tokens import CloudTokens
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.port import Credentials
from tests.kit.dns_clouds import Amazon, Azure, EdgeGrid, Google, Records
from tests.kit.scripted_http import ScriptedHttp

FQDN, ZONE = "_acme-challenge.www.example.test.", "example.test."
ROLE = "arn:aws:iam::123456789012:role/dns"
Make = Callable[[Api, str], Provider]


def with_server(cloud: Records, doing: Callable[[Api, str], Awaitable[None]]) -> None:
    server = ScriptedHttp(cloud.answer)  # type: ignore[attr-defined]  # each of them has it

    async def main() -> None:
        egress = Egress(EgressPolicy(allow_loopback=True))
        try:
            async with server.running():
                cloud.url = server.url  # type: ignore[attr-defined]
                await doing(Api("provider", egress, RealClock()), server.url)
        finally:
            await egress.close()

    asyncio.run(main())


def changed(cloud: Records, make: Make, name: str = FQDN) -> None:
    """Two values added and taken away again, each twice."""

    async def doing(api: Api, url: str) -> None:
        provider = make(api, url)
        for value in ("first", "second", "first"):
            await provider.present(FQDN, ZONE, value)
        assert cloud.values[name] == ["first", "second"] or sorted(cloud.values[name]) == ["first", "second"]
        for value in ("first", "first"):
            await provider.remove(FQDN, ZONE, value)
        assert cloud.values[name] == ["second"]
        await provider.remove(FQDN, ZONE, "second")
        assert name not in cloud.values

    with_server(cloud, doing)


def refused(cloud: Records, make: Make) -> None:
    async def doing(api: Api, url: str) -> None:
        with pytest.raises(ProviderError):
            await make(api, url).present(FQDN, ZONE, "mine")
        assert not cloud.values

    with_server(cloud, doing)


def by_key(key: str, secret: str, role: str = "", region: str = "us-east-1") -> Make:
    async def base() -> AwsCredentials:
        return AwsCredentials(key, secret)

    return lambda api, url: Route53(api, base, role, partition=Partition(url, region), sts=url)


@pytest.mark.parametrize("region", ["us-east-1", "cn-northwest-1"])
def test_amazon_takes_requests_signed_with_a_key(region: str) -> None:
    changed(Amazon(region), by_key("AKIDBASE", "base-secret/+=", region=region))


def test_amazon_refuses_another_secret_and_another_region() -> None:
    refused(Amazon(), by_key("AKIDBASE", "another"))
    refused(Amazon("cn-northwest-1"), by_key("AKIDBASE", "base-secret/+="))


def test_amazon_gives_a_role_for_a_key_and_takes_what_is_signed_with_it() -> None:
    cloud = Amazon()
    refused(cloud, by_key("AKIDBASE", "base-secret/+=", ROLE))
    cloud.roles.add(ROLE)
    changed(cloud, by_key("AKIDBASE", "base-secret/+=", ROLE))


def test_amazon_gives_a_role_for_the_token_of_a_service_account() -> None:
    cloud = Amazon()
    cloud.web_tokens["of-the-account"] = ROLE

    async def token() -> str:
        return "of-the-account"

    async def none() -> AwsCredentials:
        raise AssertionError("no key is asked for")

    changed(
        cloud,
        lambda api, url: Route53(api, none, ROLE, web_token=token, partition=Partition(url, "us-east-1"), sts=url),
    )


def test_the_machine_is_known_to_amazon_by_a_key_or_by_the_file_of_a_token(tmp_path: Path) -> None:
    cloud, file = Amazon(), tmp_path / "token"
    file.write_text("of-the-pod\n")
    cloud.web_tokens["of-the-pod"] = ROLE
    named = {"AWS_ACCESS_KEY_ID": "AKIDBASE", "AWS_SECRET_ACCESS_KEY": "base-secret/+="}
    in_file = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": str(file)}

    def make(environment: dict[str, str]) -> Make:
        def made(api: Api, url: str) -> Provider:
            async def base() -> AwsCredentials:
                return await identity.ambient(api, url, environment)

            return Route53(api, base, partition=Partition(url, "us-east-1"), sts=url)

        return made

    changed(cloud, make(named))
    changed(cloud, make(in_file))
    refused(cloud, make({}))
    refused(cloud, make({**in_file, "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "absent")}))


@pytest.mark.parametrize(
    ("region", "host", "signed_for"),
    [
        ("", "route53.amazonaws.com", "us-east-1"),
        ("eu-central-1", "route53.amazonaws.com", "us-east-1"),
        ("cn-north-1", "route53.amazonaws.com.cn", "cn-northwest-1"),
        ("us-gov-east-1", "route53.us-gov.amazonaws.com", "us-gov-west-1"),
    ],
)
def test_each_part_of_aws_has_one_endpoint_and_one_region_to_sign_for(region: str, host: str, signed_for: str) -> None:
    assert partition_of(region) == Partition(f"https://{host}", signed_for)


ACCOUNT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EMAIL = "dns@project-1.example.test"


def google(key: rsa.RSAPrivateKey) -> Make:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

    def make(api: Api, url: str) -> Provider:
        account = {"type": "service_account", "client_email": EMAIL, "private_key": pem, "token_uri": f"{url}/token"}
        tokens = CloudTokens(api.egress, api.clock, {})
        who = Credentials(gcp_service_account_key=json.dumps(account))

        async def token() -> str:
            try:
                return (await tokens.effective(who)).password
            except Exception as error:
                raise ProviderError(str(error)) from None

        return CloudDns(api, token, "project-1", url=url)

    return make


def test_google_takes_the_assertion_of_a_service_account_and_no_other() -> None:
    changed(Google(EMAIL, ACCOUNT_KEY.public_key()), google(ACCOUNT_KEY))
    refused(Google(EMAIL, ACCOUNT_KEY.public_key()), google(rsa.generate_private_key(65537, 2048)))


def azure(config: dict[str, Any], secret: bytes, environment: dict[str, str] | None = None) -> Make:
    given = {"subscriptionID": "s", "resourceGroupName": "g", **config}

    def make(api: Api, url: str) -> Provider:
        made = AzureDns.of(api, given, secret, environment)
        return AzureDns(api, made.principal, made.subscription, made.resource_group, login=url, management=url)

    return make


PRINCIPAL = {"clientID": "client-1", "tenantID": "tenant-1"}


def test_azure_takes_the_secret_of_a_service_principal_and_no_other() -> None:
    changed(Azure(secret="s3cret"), azure(PRINCIPAL, b"s3cret\n"), "_acme-challenge.www")
    refused(Azure(secret="s3cret"), azure(PRINCIPAL, b"another"))


def test_azure_takes_the_workload_identity_of_the_process_where_that_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("of-the-pod")
    environment = {
        "AZURE_TENANT_ID": "tenant-1",
        "AZURE_CLIENT_ID": "client-1",
        "AZURE_FEDERATED_TOKEN_FILE": str(file),
    }
    cloud = Azure(assertion="of-the-pod")
    changed(cloud, azure({}, b"", environment), "_acme-challenge.www")
    other = {**environment, "AZURE_CLIENT_ID": "another"}
    refused(cloud, azure({}, b"", other))
    refused(cloud, azure({}, b"", None))
    refused(cloud, azure({}, b"", {"AZURE_FEDERATED_TOKEN_FILE": str(file)}))


def test_azure_takes_the_managed_identity_that_the_solver_names(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("of-the-pod")
    config = {"managedIdentity": {"clientID": "client-1", "tenantID": "tenant-1"}}
    environment = {"AZURE_FEDERATED_TOKEN_FILE": str(file)}
    cloud = Azure(assertion="of-the-pod")
    changed(cloud, azure(config, b"", environment), "_acme-challenge.www")


RESOURCE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/dns"


@pytest.mark.parametrize(
    ("chosen", "known"),
    [({}, ""), ({"clientID": "client-1"}, "client-1"), ({"resourceID": RESOURCE}, RESOURCE)],
)
def test_azure_takes_the_identity_of_the_machine_from_its_metadata(chosen: dict[str, str], known: str) -> None:
    cloud = Azure(machine=known)

    def by_machine(given: dict[str, str], environment: dict[str, str] | None) -> Make:
        config: dict[str, Any] = {"managedIdentity": given}

        def make(api: Api, url: str) -> Provider:
            told = None if environment is None else {"AZURE_POD_IDENTITY_AUTHORITY_HOST": url, **environment}
            return azure(config, b"", told)(api, url)

        return make

    changed(cloud, by_machine(chosen, {}), "_acme-challenge.www")
    refused(cloud, by_machine({"clientID": "another"}, {}))
    refused(cloud, by_machine(chosen, None))


def test_the_metadata_of_the_machine_is_asked_at_its_fixed_address_unless_the_operator_names_another() -> None:
    assert MachineIdentity.of({}, {}).host == "http://169.254.169.254"
    assert EgressPolicy().refusal("169.254.169.254")


@pytest.mark.parametrize("allowed", [{}, {"allow_private": True, "allow_loopback": True}])
def test_a_request_to_the_metadata_may_go_nowhere_else(allowed: dict[str, bool]) -> None:
    policy = EgressPolicy(only=ADDRESS, **allowed)
    assert not policy.refusal("169.254.169.254")
    for other in ("169.254.1.1", "127.0.0.1", "10.0.0.1", "192.0.2.1", "8.8.8.8", "fd00:ec2::254", "168.63.129.16"):
        assert policy.refusal(other)


def test_another_address_that_the_operator_names_is_under_the_policy_of_all_requests() -> None:
    """Were it a metadata service, too, it would be refused."""

    async def scenario() -> None:
        egress = Egress(EgressPolicy(allow_loopback=True))
        try:
            identity = MachineIdentity.of({}, {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://169.254.169.254:80"})
            await machine_token(Api("azureDNS", egress, RealClock()), identity, "https://management.azure.com/")
        finally:
            await egress.close()

    with pytest.raises(ProviderError, match="metadata service"):
        asyncio.run(scenario())


def test_akamai_takes_requests_signed_with_the_client_s_secret() -> None:
    secret = base64.b64encode(bytes(range(32))).decode()
    changed(EdgeGrid(secret), lambda api, url: Akamai(api, SystemRng(), url, "akab-c", secret, "akab-a"))
    refused(EdgeGrid(secret), lambda api, url: Akamai(api, SystemRng(), url, "akab-c", "another", "akab-a"))
