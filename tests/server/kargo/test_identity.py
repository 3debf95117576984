"""Who one is: the administrator's token, tokens of Kubernetes, and what claims stand for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.server.kargo.claims import ClaimsError, annotated, claims_of
from argosy.server.kargo.identity import actor_of
from argosy.server.sessions import tokens
from tests.kit.kargo_api import ENVIRON, KargoApi
from tests.kit.promotion import PromotionWorld

KEY = ENVIRON["ADMIN_ACCOUNT_TOKEN_SIGNING_KEY"].encode()


def test_a_wrong_password_is_refused_and_too_many_lock(api: KargoApi) -> None:
    for _ in range(5):
        assert api.call("POST", "/v1beta1/login", token="wrong", peer="10.9.9.9") == (
            403,
            {"error": "invalid password"},
        )
    assert api.call("POST", "/v1beta1/login", token="admin", peer="10.9.9.9")[0] == 403
    api.world.pass_time(301)
    assert api.call("POST", "/v1beta1/login", token="admin", peer="10.9.9.9")[0] == 200


def test_signing_in_says_what_is_missing(api: KargoApi) -> None:
    assert api.call("POST", "/v1beta1/login", token="") == (400, {"error": "Authorization header is required"})


def claims(api: KargoApi, **changes: Any) -> dict[str, Any]:
    now = int(api.world.clock.now().timestamp())
    found = {"iss": "argosy-kargo", "sub": "admin", "iat": now, "nbf": now, "exp": now + 60, "jti": "x"}
    return {name: value for name, value in {**found, **changes}.items() if value is not None}


def test_a_token_of_the_administrator_counts_until_it_ends(api: KargoApi) -> None:
    token = tokens.sign(claims(api), KEY)
    assert api.call("GET", "/v1beta1/projects", token=token)[0] == 200
    api.world.pass_time(60 + 61)
    assert api.call("GET", "/v1beta1/projects", token=token) == (401, {"error": "invalid token"})


@pytest.mark.parametrize("broken", ["other key", "no end", "no algorithm", "empty signature", "not yet", "cut", "text"])
def test_a_token_that_is_not_right_counts_for_nobody(api: KargoApi, broken: str) -> None:
    now = int(api.world.clock.now().timestamp())
    good = tokens.sign(claims(api), KEY)
    head, body, signature = good.split(".")
    unsigned = tokens.encoded(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    token = {
        "other key": tokens.sign(claims(api), b"another"),
        "no end": tokens.sign(claims(api, exp=None), KEY),
        "no algorithm": f"{unsigned}.{body}.",
        "empty signature": f"{head}.{body}.",
        "not yet": tokens.sign(claims(api, nbf=now + 3600), KEY),
        "cut": f"{head}.{body}.{signature[:-4]}",
        "text": "hunter2",
    }[broken]
    assert api.call("GET", "/v1beta1/projects", token=token) == (401, {"error": "invalid token"})


def test_a_token_ends_with_its_secret(api: KargoApi) -> None:
    import base64

    path = "/v1beta1/projects/demo/roles/kargo-viewer/api-tokens"
    _, made = api.call("POST", path, {"name": "short"})
    token = base64.b64decode(made["data"]["token"]).decode()
    assert api.call("GET", "/v1beta1/projects/demo/stages", token=token)[0] == 200
    assert api.call("DELETE", "/v1beta1/projects/demo/api-tokens/short") == (204, "")
    assert api.call("GET", "/v1beta1/projects/demo/stages", token=token) == (401, {"error": "invalid token"})


def test_claims_are_read_from_both_forms_of_annotations_and_written_as_one() -> None:
    annotations = {
        "rbac.kargo.akuity.io/claims": '{"email":["b@x","a@x"],"sub":"me"}',
        "rbac.kargo.akuity.io/claim.groups": "ops, devs",
        "other": "stays",
    }
    found = claims_of(annotations)
    assert found == {"email": ["a@x", "b@x"], "sub": ["me"], "groups": ["devs", "ops"]}
    obj = annotated({"metadata": {"annotations": annotations}}, {**found, "email": []})
    assert obj["metadata"]["annotations"] == {
        "other": "stays",
        "rbac.kargo.akuity.io/claims": '{"groups":["devs","ops"],"sub":["me"]}',
    }


@pytest.mark.parametrize("text", ["no json", "[]", '{"email":1}', '{"email":[1]}'])
def test_claims_that_cannot_be_read_are_reported(text: str) -> None:
    with pytest.raises(ClaimsError, match=r"rbac\.kargo\.akuity\.io/claims"):
        claims_of({"rbac.kargo.akuity.io/claims": text})


def test_claims_stand_for_accounts_of_projects_alone(world: PromotionWorld, api: KargoApi) -> None:
    from argosy.server.kargo.claims import ClaimIndex

    annotations = {"rbac.kargo.akuity.io/claims": '{"email":["dev@x"]}'}
    for namespace in ("demo", "default", "kargo"):
        metadata = {"name": "dev", "namespace": namespace, "annotations": annotations}
        world.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    bad = {"name": "bad", "namespace": "demo", "annotations": {"rbac.kargo.akuity.io/claims": "["}}
    world.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": bad})
    world.pass_time(1)
    index = ClaimIndex(world.caches, ("kargo",))
    assert world.run(index.accounts({"email": "dev@x"})) == {"demo": ("dev",), "kargo": ("dev",)}
    assert world.run(index.accounts({"groups": ["a", "dev@x"]})) == {}


def test_an_actor_is_named_by_the_claim_for_users_then_by_address_then_by_subject() -> None:
    assert actor_of({"name": "n", "email": "e", "sub": "s"}, "name") == "name:n"
    assert actor_of({"email": "e", "sub": "s"}, "name") == "email:e"
    assert actor_of({"sub": "s"}, "email") == "subject:s"
