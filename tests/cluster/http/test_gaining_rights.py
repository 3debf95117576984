"""Every way to gain rights, tried through the front: none gives what the one who tries does not hold (security rule 4).

Bob may write everything of RBAC, in all namespaces, and holds what `edit` gives in `default`. He has neither `escalate`
nor `bind`. After each attempt he, his friend and his account can do what they could before.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.cluster.http.test_assembly import KEYS, RBAC, Talk

GROUP = "rbac.authorization.k8s.io"
CSR = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
BOB = [
    {"verbs": ["create", "get", "list", "update", "patch", "delete"], "apiGroups": [GROUP], "resources": ["*"]},
    {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]},
    {"verbs": ["*"], "apiGroups": ["certificates.k8s.io"], "resources": ["certificatesigningrequests", "*/approval"]},
    {"verbs": ["*"], "apiGroups": ["certificates.k8s.io"], "resources": ["certificatesigningrequests/status"]},
    {"verbs": ["create", "patch", "get", "update"], "apiGroups": [""], "resources": ["serviceaccounts", "nodes"]},
]
EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
URLS = {"verbs": ["get"], "nonResourceURLs": ["/metrics"]}
SECRETS = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
PODS = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
SELECTED = {"clusterRoleSelectors": [{"matchLabels": {"gather": "me"}}]}
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
STRATEGIC, APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"


def role(name: str, *rules: JsonObject, **more: Any) -> JsonObject:
    return {"metadata": {"name": name, **more.pop("metadata", {})}, "rules": list(rules), **more}


def bound(kind: str, name: str, subject: str = "bob", binding: str = "mine") -> JsonObject:
    return {
        "metadata": {"name": binding},
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": name},
        "subjects": [{"apiGroup": GROUP, "kind": "User", "name": subject}],
    }


def signing_request(name: str, organization: str, signer: str = "kubernetes.io/kube-apiserver-client") -> JsonObject:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = [
        x509.NameAttribute(NameOID.COMMON_NAME, "bob"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
    ]
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject)).sign(key, hashes.SHA256())
    request = base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()
    return {"metadata": {"name": name}, "spec": {"request": request, "signerName": signer, "usages": ["client auth"]}}


APPROVED = {"status": {"conditions": [{"type": "Approved", "status": "True", "reason": "x", "message": "y"}]}}
CLUSTER_ROLES, ROLES = f"{RBAC}/clusterroles", f"{RBAC}/namespaces/default/roles"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
CLUSTER_BINDINGS, BINDINGS = f"{RBAC}/clusterrolebindings", f"{RBAC}/namespaces/default/rolebindings"
Step = tuple[str, str, Any, str]
PLAIN = "application/json"
AS_KIND = {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRole"}

ATTEMPTS: dict[str, list[Step]] = {
    # roles
    "a cluster role of everything": [("POST", CLUSTER_ROLES, role("x", EVERYTHING), PLAIN)],
    "a cluster role of URLs": [("POST", CLUSTER_ROLES, role("x", URLS), PLAIN)],
    "a role of secrets": [("POST", ROLES, role("x", SECRETS), PLAIN)],
    "a role of more verbs": [("POST", ROLES, role("x", {**PODS, "verbs": ["delete"]}), PLAIN)],
    "a role of all verbs": [("POST", ROLES, role("x", {**PODS, "verbs": ["*"]}), PLAIN)],
    "a role of all resources": [("POST", ROLES, role("x", {**PODS, "resources": ["*"]}), PLAIN)],
    "a role of a subresource": [("POST", ROLES, role("x", {**PODS, "resources": ["pods/exec"]}), PLAIN)],
    "a role of all groups": [("POST", ROLES, role("x", {**PODS, "apiGroups": ["*"]}), PLAIN)],
    "a role with a name alone": [("POST", ROLES, role("x", {**SECRETS, "resourceNames": ["a"]}), PLAIN)],
    "a role with the verb escalate": [
        ("POST", ROLES, role("x", {"verbs": ["escalate"], "apiGroups": [GROUP], "resources": ["roles"]}), PLAIN)
    ],
    "a role with the verb bind": [
        ("POST", CLUSTER_ROLES, role("x", {"verbs": ["bind"], "apiGroups": [GROUP], "resources": ["*"]}), PLAIN)
    ],
    "a role with the verb impersonate": [
        (
            "POST",
            CLUSTER_ROLES,
            role("x", {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["groups"]}),
            PLAIN,
        )
    ],
    "a role of tokens": [
        (
            "POST",
            ROLES,
            role("x", {"verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"]}),
            PLAIN,
        )
    ],
    "a PUT of more": [("PUT", f"{CLUSTER_ROLES}/weak", role("weak", EVERYTHING), PLAIN)],
    "a PUT that makes it": [("PUT", f"{CLUSTER_ROLES}/new", role("new", EVERYTHING), PLAIN)],
    "a merge patch of more": [("PATCH", f"{CLUSTER_ROLES}/weak", {"rules": [EVERYTHING]}, MERGE)],
    "a strategic patch of more": [("PATCH", f"{CLUSTER_ROLES}/weak", {"rules": [EVERYTHING]}, STRATEGIC)],
    "a JSON patch of more": [
        ("PATCH", f"{CLUSTER_ROLES}/weak", [{"op": "add", "path": "/rules/-", "value": EVERYTHING}], JSON_PATCH)
    ],
    "an apply of more": [
        ("PATCH", f"{CLUSTER_ROLES}/weak?fieldManager=m&force=true", {**AS_KIND, **role("weak", EVERYTHING)}, APPLY)
    ],
    "an apply that makes it": [
        ("PATCH", f"{CLUSTER_ROLES}/new?fieldManager=m", {**AS_KIND, **role("new", EVERYTHING)}, APPLY)
    ],
    # aggregation
    "a role that gathers a strong one": [
        (
            "POST",
            CLUSTER_ROLES,
            role("x", aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"strong": "yes"}}]}),
            PLAIN,
        )
    ],
    "a role that gathers nothing yet, bound, and a label on a strong one": [
        ("POST", CLUSTER_ROLES, role("x", aggregationRule=SELECTED), PLAIN),
        ("POST", CLUSTER_BINDINGS, bound("ClusterRole", "x"), PLAIN),
        ("PATCH", f"{CLUSTER_ROLES}/strong", {"metadata": {"labels": {"gather": "me"}}}, MERGE),
    ],
    "a bound role that begins to gather": [
        ("POST", CLUSTER_BINDINGS, bound("ClusterRole", "weak"), PLAIN),
        ("PATCH", f"{CLUSTER_ROLES}/weak", {"aggregationRule": {"clusterRoleSelectors": [{}]}}, MERGE),
    ],
    "a label that brings a strong role into a bound one": [
        ("PATCH", f"{CLUSTER_ROLES}/strong", {"metadata": {"labels": {"into": "gathering"}}}, MERGE)
    ],
    "the same by apply": [
        (
            "PATCH",
            f"{CLUSTER_ROLES}/strong?fieldManager=m",
            {**AS_KIND, "metadata": {"name": "strong", "labels": {"into": "gathering"}}},
            APPLY,
        )
    ],
    "a new selector for a bound role that gathers": [
        (
            "PATCH",
            f"{CLUSTER_ROLES}/gathering",
            {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"strong": "yes"}}]}},
            MERGE,
        )
    ],
    "a new strong role with the label of a bound one": [
        ("POST", CLUSTER_ROLES, role("x", EVERYTHING, metadata={"labels": {"into": "gathering"}}), PLAIN)
    ],
    "rules for a bound role that gathers": [("PATCH", f"{CLUSTER_ROLES}/gathering", {"rules": [EVERYTHING]}, MERGE)],
    "a selector taken away, so that rules stay": [
        ("PATCH", f"{CLUSTER_ROLES}/gathering", {"aggregationRule": None, "rules": [EVERYTHING]}, MERGE)
    ],
    # bindings
    "a binding of cluster-admin": [("POST", CLUSTER_BINDINGS, bound("ClusterRole", "cluster-admin"), PLAIN)],
    "a binding of cluster-admin in a namespace": [("POST", BINDINGS, bound("ClusterRole", "cluster-admin"), PLAIN)],
    "a binding of a strong role": [("POST", BINDINGS, bound("Role", "strong"), PLAIN)],
    "a binding for a friend": [("POST", CLUSTER_BINDINGS, bound("ClusterRole", "strong", "friend"), PLAIN)],
    "a subject for a strong binding": [
        (
            "PATCH",
            f"{CLUSTER_BINDINGS}/strong",
            {"subjects": [{"apiGroup": GROUP, "kind": "User", "name": "bob"}]},
            MERGE,
        )
    ],
    "a subject by strategic patch": [
        (
            "PATCH",
            f"{CLUSTER_BINDINGS}/strong",
            {"subjects": [{"apiGroup": GROUP, "kind": "Group", "name": "g"}]},
            STRATEGIC,
        )
    ],
    "a binding of a role that does not exist yet": [
        ("POST", CLUSTER_BINDINGS, bound("ClusterRole", "later"), PLAIN),
        ("POST", CLUSTER_ROLES, role("later", EVERYTHING), PLAIN),
    ],
    "another role for a binding": [
        ("PUT", f"{CLUSTER_BINDINGS}/weak", bound("ClusterRole", "strong", binding="weak"), PLAIN)
    ],
    "a binding for everybody who is known": [
        (
            "POST",
            CLUSTER_BINDINGS,
            bound("ClusterRole", "strong")
            | {"subjects": [{"apiGroup": GROUP, "kind": "Group", "name": "system:authenticated"}]},
            PLAIN,
        )
    ],
    "a binding for an account of one's own": [
        ("POST", ACCOUNTS, {"metadata": {"name": "own"}}, PLAIN),
        (
            "POST",
            CLUSTER_BINDINGS,
            bound("ClusterRole", "strong")
            | {"subjects": [{"kind": "ServiceAccount", "name": "own", "namespace": "default"}]},
            PLAIN,
        ),
    ],
    "a binding with a generated name": [
        (
            "POST",
            CLUSTER_BINDINGS,
            bound("ClusterRole", "cluster-admin") | {"metadata": {"generateName": "x-"}},
            PLAIN,
        )
    ],
    "a role with a generated name": [("POST", ROLES, role("", SECRETS) | {"metadata": {"generateName": "x-"}}, PLAIN)],
    "a role that is only tried": [("POST", f"{ROLES}?dryRun=All", role("x", SECRETS), PLAIN)],
    "a role gathered by the built-in admin": [
        (
            "POST",
            CLUSTER_ROLES,
            role("x", EVERYTHING, metadata={"labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}),
            PLAIN,
        )
    ],
    "the built-in admin, changed": [("PATCH", f"{CLUSTER_ROLES}/view", {"rules": [EVERYTHING]}, MERGE)],
    "more for the built-in view by a label": [
        (
            "PATCH",
            f"{CLUSTER_ROLES}/strong",
            {"metadata": {"labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}},
            MERGE,
        )
    ],
    "a selector by expressions": [
        (
            "POST",
            CLUSTER_ROLES,
            role(
                "x",
                aggregationRule={
                    "clusterRoleSelectors": [{"matchExpressions": [{"key": "strong", "operator": "Exists"}]}]
                },
            ),
            PLAIN,
        )
    ],
    "a deleted role, made anew": [
        ("DELETE", f"{CLUSTER_ROLES}/gathering", None, PLAIN),
        ("POST", CLUSTER_ROLES, role("gathering", EVERYTHING), PLAIN),
    ],
    "a deleted binding, made anew for oneself": [
        ("DELETE", f"{CLUSTER_BINDINGS}/strong", None, PLAIN),
        ("POST", CLUSTER_BINDINGS, bound("ClusterRole", "strong", binding="strong"), PLAIN),
    ],
    # what other parts of the process read as a grant
    "people who act as a strong account": [
        (
            "PATCH",
            f"{ACCOUNTS}/strong",
            {"metadata": {"annotations": {"rbac.kargo.akuity.io/claims": '{"email":["bob@example.com"]}'}}},
            MERGE,
        )
    ],
    "people who act as a strong account, by one claim": [
        (
            "PATCH",
            f"{ACCOUNTS}/strong",
            {"metadata": {"annotations": {"rbac.kargo.akuity.io/claim.sub": "bob"}}},
            MERGE,
        )
    ],
    "people who act as a strong account, by apply": [
        (
            "PATCH",
            f"{ACCOUNTS}/strong?fieldManager=m&force=true",
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": "strong", "annotations": {"rbac.kargo.akuity.io/claims": "{}"}},
            },
            APPLY,
        )
    ],
    # nodes
    "the kubelet of a node": [("GET", "/api/v1/nodes/n/proxy/pods", None, PLAIN)],
    "a command through the kubelet of a node": [("POST", "/api/v1/nodes/n/proxy/run/default/p/c?cmd=id", None, PLAIN)],
    # certificates
    "an approval in the request itself": [
        ("POST", CSR, {**signing_request("x", "team"), **APPROVED}, PLAIN),
        ("PATCH", f"{CSR}/x", APPROVED, MERGE),
        ("PATCH", f"{CSR}/x/approval", APPROVED, MERGE),
    ],
    "an approval through the status": [
        ("POST", CSR, signing_request("x", "team"), PLAIN),
        ("PATCH", f"{CSR}/x/status", APPROVED, MERGE),
    ],
    "a certificate put into the status": [
        ("POST", CSR, signing_request("x", "team"), PLAIN),
        ("PATCH", f"{CSR}/x/status", {"status": {"certificate": "YQ=="}}, MERGE),
    ],
    "a certificate of the masters": [("POST", CSR, signing_request("x", "system:masters"), PLAIN)],
    "an approval without the right on the signer": [
        ("POST", CSR, signing_request("x", "team"), PLAIN),
        ("PATCH", f"{CSR}/x/approval", APPROVED, MERGE),
    ],
    # tokens
    "a token of a strong account": [
        ("POST", "/api/v1/namespaces/default/serviceaccounts/strong/token", {"spec": {}}, PLAIN)
    ],
    "a token Secret of a strong account": [
        (
            "POST",
            "/api/v1/namespaces/default/secrets",
            {
                "metadata": {"name": "t", "annotations": {"kubernetes.io/service-account.name": "strong"}},
                "type": "kubernetes.io/service-account-token",
            },
            PLAIN,
        )
    ],
}
IMPERSONATIONS: dict[str, dict[str, str]] = {
    "a user": {"Impersonate-User": "root"},
    "the masters": {"Impersonate-User": "bob", "Impersonate-Group": "system:masters"},
    "an account": {"Impersonate-User": "system:serviceaccount:default:strong"},
    "a uid": {"Impersonate-User": "bob", "Impersonate-Uid": "1"},
    "an extra value": {"Impersonate-User": "bob", "Impersonate-Extra-Scopes": "all"},
    "nobody": {"Impersonate-Group": "system:masters"},
    "the anonymous": {"Impersonate-User": "system:anonymous"},
}


def with_bob(story: Callable[[Talk], Awaitable[None]]) -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        if not KEYS:
            KEYS.append(Keys.make(clock.now()))
        tokens = {"root": User("root", ("system:masters",)), "bob": User("bob"), "friend": User("friend")}
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            talk = Talk(cluster, ClusterFront(cluster, KEYS[0], Settings(tokens=tokens)))
            await talk.made(CLUSTER_ROLES, role("bob", *BOB))
            await talk.made(CLUSTER_BINDINGS, bound("ClusterRole", "bob", binding="bob"))
            await talk.made(CLUSTER_ROLES, role("weak", PODS))
            await talk.made(CLUSTER_BINDINGS, bound("ClusterRole", "weak", "nobody", "weak"))
            await talk.made(CLUSTER_ROLES, role("strong", EVERYTHING, metadata={"labels": {"strong": "yes"}}))
            await talk.made(CLUSTER_BINDINGS, bound("ClusterRole", "strong", "nobody", "strong"))
            await talk.made(ROLES, role("strong", SECRETS))
            gathers = {"clusterRoleSelectors": [{"matchLabels": {"into": "gathering"}}]}
            await talk.made(CLUSTER_ROLES, role("gathering", aggregationRule=gathers))
            await talk.made(CLUSTER_BINDINGS, bound("ClusterRole", "gathering", binding="gathering"))
            await talk.made(ACCOUNTS, {"metadata": {"name": "strong"}})
            account = {"kind": "ServiceAccount", "name": "strong", "namespace": "default"}
            binding = bound("ClusterRole", "strong", binding="account")
            await talk.made(CLUSTER_BINDINGS, {**binding, "subjects": [account]})
            await story(talk)

    run_virtual(main)


async def rights(talk: Talk) -> list[tuple[str, bool]]:
    """What each of them may do, by the server's own word."""
    found = []
    for user in ("bob", "friend"):
        for verb, group, resource in (
            ("get", "", "secrets"),
            ("delete", "", "pods"),
            ("create", "", "pods/exec"),
            ("*", "*", "*"),
            ("escalate", GROUP, "roles"),
            ("bind", GROUP, "clusterroles"),
            ("impersonate", "", "groups"),
        ):
            plural, _, sub = resource.partition("/")
            asked = {"verb": verb, "group": group, "resource": plural, "subresource": sub, "namespace": "default"}
            path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
            body = {"spec": {"user": user, "groups": ["g"], "resourceAttributes": asked}}
            _, answer = await talk("root", "POST", path, body)
            found.append((f"{user} {verb} {resource}", answer["status"]["allowed"]))
    return found


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_attempt_gains_nothing(attempt: str) -> None:
    async def story(talk: Talk) -> None:
        before = await rights(talk)
        codes = [(await talk("bob", method, path, body, form))[0] for method, path, body, form in ATTEMPTS[attempt]]
        assert any(code in (403, 404, 422) for code in codes), codes
        assert await rights(talk) == before

    with_bob(story)


@pytest.mark.parametrize("attempt", IMPERSONATIONS)
def test_nobody_acts_as_another_without_the_right(attempt: str) -> None:
    async def story(talk: Talk) -> None:
        headers = {"authorization": "Bearer bob", **{k.lower(): v for k, v in IMPERSONATIONS[attempt].items()}}
        status, _, _ = await talk.front.front.send("GET", "/api/v1/namespaces/default/secrets", headers, b"")
        assert status in (400, 403)

    with_bob(story)


def test_a_request_for_a_certificate_says_truly_who_made_it() -> None:
    async def story(talk: Talk) -> None:
        forged = signing_request("x", "team")
        forged["spec"] |= {"username": "root", "groups": ["system:masters"], "uid": "1", "extra": {"a": ["b"]}}
        assert (await talk("bob", "POST", CSR, forged))[0] == 201
        await talk("bob", "PATCH", f"{CSR}/x", {"spec": {"username": "root", "groups": ["system:masters"]}}, MERGE)
        _, found = await talk("root", "GET", f"{CSR}/x")
        assert (found["spec"]["username"], found["spec"]["groups"]) == ("bob", ["system:authenticated"])
        assert "uid" not in found["spec"]

    with_bob(story)


def test_a_node_has_no_rights_by_its_name_alone() -> None:
    async def story(talk: Talk) -> None:
        headers = {"authorization": "Bearer root", "impersonate-user": "system:node:n"}
        headers |= {"impersonate-group": "system:nodes"}
        for path in ("/api/v1/namespaces/default/secrets", "/api/v1/nodes/n", "/api/v1/pods"):
            status, _, _ = await talk.front.front.send("GET", path, headers, b"")
            assert status == 403, path

    with_bob(story)


def test_who_may_act_as_an_account_says_who_else_does() -> None:
    async def story(talk: Talk) -> None:
        rule = {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["serviceaccounts"]}
        await talk.made(CLUSTER_ROLES, role("actor", rule))
        await talk.made(CLUSTER_BINDINGS, bound("ClusterRole", "actor", "bob", "actor"))
        claims = {"metadata": {"annotations": {"rbac.kargo.akuity.io/claims": "{}"}}}
        assert (await talk("bob", "PATCH", f"{ACCOUNTS}/strong", claims, MERGE))[0] == 200

    with_bob(story)


def test_anybody_annotates_an_account_otherwise() -> None:
    async def story(talk: Talk) -> None:
        note = {"metadata": {"annotations": {"team": "a"}}}
        assert (await talk("bob", "PATCH", f"{ACCOUNTS}/strong", note, MERGE))[0] == 200
        own = {"metadata": {"name": "weak", "annotations": {"rbac.kargo.akuity.io/claims": "{}"}}}
        assert (await talk("bob", "POST", ACCOUNTS, own))[0] == 201

    with_bob(story)


def test_who_holds_the_rights_may_grant_and_gather_them() -> None:
    async def story(talk: Talk) -> None:
        assert (await talk("bob", "POST", ROLES, role("x", PODS)))[0] == 201
        assert (await talk("bob", "POST", BINDINGS, bound("Role", "x", "friend")))[0] == 201
        label = {"metadata": {"labels": {"into": "gathering"}}}
        assert (await talk("bob", "PATCH", f"{CLUSTER_ROLES}/weak", label, MERGE))[0] == 200
        full = role("full", EVERYTHING, {"verbs": ["*"], "nonResourceURLs": ["*"]})
        await talk.made(CLUSTER_ROLES, full)
        await talk.made(CLUSTER_BINDINGS, bound("ClusterRole", "full", "bob", "full"))
        assert (await talk("bob", "POST", CLUSTER_ROLES, role("y", aggregationRule=SELECTED)))[0] == 201

    with_bob(story)


def test_an_approver_of_a_signer_approves_its_requests_and_no_others() -> None:
    async def story(talk: Talk) -> None:
        signer = {"verbs": ["approve"], "apiGroups": ["certificates.k8s.io"], "resources": ["signers"]}
        await talk.made(CLUSTER_ROLES, role("approver", {**signer, "resourceNames": ["example.com/*"]}))
        await talk.made(CLUSTER_BINDINGS, bound("ClusterRole", "approver", binding="approver"))
        for name, signer_name, code in (("a", "example.com/x", 200), ("b", "other.com/x", 403)):
            await talk.made(CSR, signing_request(name, "team", signer_name))
            assert (await talk("bob", "PATCH", f"{CSR}/{name}/approval", APPROVED, MERGE))[0] == code

    with_bob(story)
