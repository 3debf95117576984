"""Connectors over a code flow: who somebody is, and who may not sign in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from argosy.runtime.clock import RealClock
from argosy.server.connectors.configured import made
from argosy.server.connectors.identity import ConnectorError, Identity, Options, Refused, SettingsError, SignIn
from tests.kit.hosts_of_users import CLIENT, SECRET, Users

SIGN_IN = SignIn(callback="https://argo.test/api/dex/callback", state="st", nonce="no", verifier="v" * 48)
Prepare = Callable[[Users], Mapping[str, Any]]


def signed_in(kind: str, prepare: Prepare, sign_in: SignIn = SIGN_IN) -> Identity:
    """`prepare` fills the host and gives the connector's config."""

    async def story() -> Identity:
        users = Users()
        async with users.serving():
            given = {"clientID": CLIENT, "clientSecret": "$dex.secret", **prepare(users)}
            options = Options(f"connector {kind}", given, lambda text: SECRET if text == "$dex.secret" else text)
            settings = SimpleNamespace(settings={})
            of = SimpleNamespace(configuration=settings, clock=RealClock(), callback=SIGN_IN.callback)
            connector = made(kind, options, of)  # type: ignore[arg-type]
            sent = await connector.begin(SIGN_IN)  # type: ignore[union-attr]
            assert "hush" not in sent.url
            found: Identity = await connector.finish(sign_in, users.agree(sent.url))  # type: ignore[union-attr]
            return found

    return asyncio.run(story())


def github(users: Users, **config: Any) -> Mapping[str, Any]:
    users.answers = {
        "/api/v3/user": {"id": 7, "login": "ada", "name": "Ada L"},
        "/api/v3/user/emails": [
            {"email": "ada@old.test", "verified": False, "primary": True},
            {"email": "ada@home.test", "verified": True, "primary": True},
            {"email": "ada@work.test", "verified": True, "primary": False},
        ],
        "/api/v3/user/memberships/orgs/argosy": {"state": "active"},
        "/api/v3/user/memberships/orgs/asked": {"state": "pending"},
        "/api/v3/user/teams": [
            {"name": "The Ops", "slug": "the-ops", "organization": {"login": "Argosy"}},
            {"name": "Dev", "slug": "dev", "organization": {"login": "Argosy"}},
            {"name": "X", "slug": "x", "organization": {"login": "other"}},
        ],
        "/api/v3/user/orgs": [{"login": "Argosy"}, {"login": "other"}],
    }
    return {"hostName": users.url, **config}


@pytest.mark.parametrize(
    ("config", "groups"),
    [
        ({}, ()),
        ({"orgs": [{"name": "argosy"}]}, ("argosy:The Ops", "argosy:Dev", "argosy")),
        ({"orgs": [{"name": "argosy", "teams": ["dev"]}], "teamNameField": "slug"}, ("argosy:dev",)),
        ({"org": "argosy"}, ("The Ops", "Dev")),
        ({"loadAllGroups": True}, ("Argosy", "Argosy:The Ops", "Argosy:Dev", "other", "other:X")),
    ],
)
def test_github_returns_the_verified_primary_address_and_teams(
    config: Mapping[str, Any], groups: tuple[str, ...]
) -> None:
    found = signed_in("github", lambda users: github(users, **config))

    assert (found.user_id, found.username, found.preferred_username) == ("7", "Ada L", "ada")
    assert (found.email, found.groups) == ("ada@home.test", groups)


def test_github_prefers_the_domain_that_is_asked_for_and_the_login_as_id() -> None:
    found = signed_in("github", lambda users: github(users, preferredEmailDomain="work.test", useLoginAsID=True))
    assert (found.user_id, found.email) == ("ada", "ada@work.test")


@pytest.mark.parametrize(
    "config",
    [
        {"orgs": [{"name": "asked"}]},
        {"orgs": [{"name": "argosy", "teams": ["nobody"]}]},
        {"org": "elsewhere"},
    ],
)
def test_github_refuses_who_is_in_none_of_the_organisations_and_teams(config: Mapping[str, Any]) -> None:
    with pytest.raises(Refused):
        signed_in("github", lambda users: github(users, **config))


def gitlab(users: Users, **config: Any) -> Mapping[str, Any]:
    users.answers = {
        "/api/v4/user": {"id": 9, "username": "bob", "name": "Bob", "email": "b@x.test", "confirmed_at": "2026-01-01"},
        "/oauth/userinfo": {"sub": "9", "groups": ["ops", "ops/night"]},
    }
    return {"baseURL": users.url, **config}


def test_gitlab_returns_its_groups_or_those_that_are_allowed() -> None:
    found = signed_in("gitlab", gitlab)
    assert (found.user_id, found.email, found.groups) == ("9", "b@x.test", ("ops", "ops/night"))
    assert signed_in("gitlab", lambda users: gitlab(users, groups=["ops"])).groups == ("ops",)
    with pytest.raises(Refused):
        signed_in("gitlab", lambda users: gitlab(users, groups=["dev"]))


def microsoft(users: Users, **config: Any) -> Mapping[str, Any]:
    users.answers = {
        "/v1.0/me": {"id": "guid", "displayName": "Eve", "userPrincipalName": "eve@corp.test"},
        "/v1.0/me/getMemberGroups": {"value": ["g1", "g2"]},
        "/v1.0/directoryObjects/getByIds": {"value": [{"displayName": "Ops"}, {"displayName": "Dev"}]},
    }
    return {"apiURL": users.url, "graphURL": users.url, **config}


def test_microsoft_asks_for_groups_of_one_tenant_alone() -> None:
    found = signed_in("microsoft", microsoft)
    assert (found.user_id, found.email, found.groups) == ("guid", "eve@corp.test", ())
    assert signed_in("microsoft", lambda users: microsoft(users, tenant="corp")).groups == ("Ops", "Dev")
    given = {"tenant": "corp", "groupNameFormat": "id", "groups": ["g2"]}
    assert signed_in("microsoft", lambda users: microsoft(users, **given)).groups == ("g2",)
    with pytest.raises(Refused):
        signed_in("microsoft", lambda users: microsoft(users, tenant="corp", groups=["Nobody"]))


def oidc(users: Users, config: Mapping[str, Any], **claims: Any) -> Mapping[str, Any]:
    users.claims = {"sub": "u1", "email": "u@x.test", "email_verified": True, "name": "U", "groups": ["a"], **claims}
    return {"issuer": users.url, **config}


def test_a_provider_of_openid_connect_is_believed_by_its_signature_and_claims() -> None:
    found = signed_in("oidc", lambda users: oidc(users, {"insecureEnableGroups": True}))
    assert (found.user_id, found.email, found.groups) == ("u1", "u@x.test", ("a",))
    mapped = {"insecureEnableGroups": True, "claimMapping": {"groups": "roles"}, "userIDKey": "oid"}
    found = signed_in("oidc", lambda users: oidc(users, mapped, roles=["r"], oid="o1"))
    assert (found.user_id, found.groups) == ("o1", ("r",))


@pytest.mark.parametrize(
    ("config", "claims"),
    [
        ({}, {"aud": "somebody"}),
        ({}, {"exp": 1}),
        ({}, {"nonce": "another"}),
        ({}, {"iss": "https://evil.test"}),
        ({}, {"email_verified": False}),
        ({"allowedGroups": ["b"]}, {}),
    ],
)
def test_an_id_token_that_does_not_count_signs_nobody_in(config: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    with pytest.raises(ConnectorError) as refused:
        signed_in("oidc", lambda users: oidc(users, config, **claims))
    assert SECRET not in str(refused.value)


def test_google_wants_one_of_its_hosted_domains() -> None:
    given = {"hostedDomains": ["corp.test"]}
    assert signed_in("google", lambda users: oidc(users, given, hd="corp.test")).user_id == "u1"
    with pytest.raises(Refused):
        signed_in("google", lambda users: oidc(users, given, hd="other.test"))


@pytest.mark.parametrize(("kind", "prepare"), [("github", github), ("gitlab", gitlab), ("microsoft", microsoft)])
def test_a_code_counts_for_the_verifier_that_asked_for_it(kind: str, prepare: Prepare) -> None:
    stolen = SignIn(callback=SIGN_IN.callback, state="st", nonce="no", verifier="w" * 48)
    with pytest.raises(ConnectorError, match="400"):
        signed_in(kind, prepare, stolen)


@pytest.mark.parametrize(
    ("kind", "config", "told"),
    [
        ("github", {}, "config.clientID is missing"),
        ("github", {"clientID": "a", "clientSecret": "b", "teamNameField": "x"}, "teamNameField must be"),
        ("google", {"clientID": "a", "clientSecret": "b", "adminEmail": "x"}, "groups of Google are not read"),
        ("oidc", {"clientID": "a", "clientSecret": "b"}, "config.issuer is missing"),
        ("linkedin", {}, "type 'linkedin' is not known here"),
        ("gitlab", {"clientID": "a", "clientSecret": "b", "useLoginAsID": "yes"}, "must be true or false, not 'yes'"),
        ("gitlab", {"clientID": "a", "clientSecret": "b", "groups": "ops"}, "groups must be a list"),
    ],
)
def test_wrong_settings_name_the_field(kind: str, config: Mapping[str, Any], told: str) -> None:
    of = SimpleNamespace(configuration=SimpleNamespace(settings={}), clock=RealClock(), callback="x")
    with pytest.raises(SettingsError, match=told):
        made(kind, Options("connector x", config, str), of)  # type: ignore[arg-type]
