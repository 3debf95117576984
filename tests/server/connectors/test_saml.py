"""A SAML provider's response counts by its signature, for the request that was sent, and once for whom it is meant."""

from __future__ import annotations

import asyncio
import base64
import gc
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from argosy.runtime.clock import RealClock
from argosy.server.connectors.identity import ConnectorError, Identity, Options, Refused, SettingsError, SignIn

# Of pysaml2 alone, which still names what cryptography has moved, and leaves files of its own to be closed.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
CALLBACK, PROVIDER = "https://argo.test/api/dex/callback", "https://idp.test/sso"
SIGN_IN = SignIn(callback=CALLBACK, state="st", nonce="no", verifier="v", request_id="_request1")


def pair(folder: Path, name: str) -> tuple[str, str]:
    """Files of a key and its certificate."""
    key = rsa.generate_private_key(65537, 2048)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now: datetime = RealClock().now()
    made = x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    (folder / f"{name}.key").write_bytes(key.private_bytes(pem, *plain))
    (folder / f"{name}.crt").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    return str(folder / f"{name}.key"), str(folder / f"{name}.crt")


class IdentityProvider:
    """By pysaml2's other side."""

    def __init__(self, folder: Path, name: str) -> None:
        from saml2 import BINDING_HTTP_POST
        from saml2.config import IdPConfig
        from saml2.server import Server

        self.key, self.certificate = pair(folder, name)
        client = (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{CALLBACK}">'
            '<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            f'<md:AssertionConsumerService Binding="{BINDING_HTTP_POST}" Location="{CALLBACK}" index="1"/>'
            "</md:SPSSODescriptor></md:EntityDescriptor>"
        )
        config = IdPConfig()
        config.load(
            {
                "entityid": PROVIDER,
                "service": {"idp": {"endpoints": {"single_sign_on_service": [(PROVIDER, BINDING_HTTP_POST)]}}},
                "key_file": self.key,
                "cert_file": self.certificate,
                "metadata": {"inline": [client]},
                "xmlsec_binary": shutil.which("xmlsec1"),
            }
        )
        self._server = Server(config=config)

    def response(self, to: str = "_request1", *, signed: bool = True, audience: str = CALLBACK) -> str:
        from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID

        made = self._server.create_authn_response(
            {"name": ["ada"], "email": ["ada@argo.test"], "groups": ["ops", "dev"]},
            in_response_to=to,
            destination=CALLBACK,
            sp_entity_id=audience,
            name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text="user-7"),
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": PROVIDER},
            sign_response=False,
            sign_assertion=signed,
        )
        return str(made)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What pysaml2 left open is closed here, and disturbs no other test."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("saml2", reason="pysaml2 is not installed: pip install 'argosy[saml]'")
    if shutil.which("xmlsec1") is None:
        pytest.skip("xmlsec1 is not installed (apt-get install xmlsec1)")
    return tmp_path_factory.mktemp("saml")


@pytest.fixture(scope="module")
def provider(folder: Path) -> IdentityProvider:
    return IdentityProvider(folder, "idp")


def connector(provider: IdentityProvider, **more: Any) -> Any:
    from argosy.server.connectors.saml import Saml

    given = {
        "ssoURL": PROVIDER,
        "ca": provider.certificate,
        "usernameAttr": "name",
        "emailAttr": "email",
        "groupsAttr": "groups",
        **more,
    }
    return Saml(Options("connector saml", given, str), RealClock(), CALLBACK)


def finished(provider: IdentityProvider, text: str, **more: Any) -> Identity:
    given = {"SAMLResponse": base64.b64encode(text.encode()).decode(), "RelayState": "st"}
    found: Identity = asyncio.run(connector(provider, **more).finish(SIGN_IN, given))
    return found


def test_the_browser_posts_a_request_for_this_sign_in(provider: IdentityProvider) -> None:
    sent = asyncio.run(connector(provider).begin(SIGN_IN))

    assert sent.url == PROVIDER
    assert sent.fields["RelayState"] == "st"
    request = base64.b64decode(sent.fields["SAMLRequest"]).decode()
    assert 'ID="_request1"' in request
    assert CALLBACK in request


def test_a_signed_response_says_who_it_is(provider: IdentityProvider) -> None:
    found = finished(provider, provider.response())

    assert (found.user_id, found.username, found.email) == ("user-7", "ada", "ada@argo.test")
    assert set(found.groups) == {"ops", "dev"}


def test_groups_may_be_demanded_and_filtered(provider: IdentityProvider) -> None:
    assert finished(provider, provider.response(), allowedGroups=["ops"], filterGroups=True).groups == ("ops",)
    with pytest.raises(Refused):
        finished(provider, provider.response(), allowedGroups=["nobody"])


def test_what_is_not_signed_for_us_and_this_request_does_not_count(provider: IdentityProvider, folder: Path) -> None:
    bad: dict[str, Callable[[], str]] = {
        "without a signature": lambda: provider.response(signed=False),
        "for another request": lambda: provider.response("_another"),
        "changed afterwards": lambda: provider.response().replace("ada@argo.test", "eve@argo.test"),
        "by another key": lambda: IdentityProvider(folder, "evil").response(),
        "no XML": lambda: "<",
        "an entity": lambda: '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    }
    for what, response in bad.items():
        with pytest.raises(ConnectorError, match="does not count"):
            finished(provider, response())
            pytest.fail(what)


def test_checks_of_signatures_cannot_be_switched_off(provider: IdentityProvider) -> None:
    with pytest.raises(SettingsError, match="insecureSkipSignatureValidation"):
        connector(provider, insecureSkipSignatureValidation=True)
