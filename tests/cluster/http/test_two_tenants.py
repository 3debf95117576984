"""Security rule 5: a tenant who may do everything in one namespace reads, changes and uses nothing of another's.

Alice's things lie in `a`. Bob is admin of `b`. He tries every verb of every kind that is served, with its subresources,
on what there is in `a`, and what does not go straight there. Afterwards nothing outside of `b` differs, and nothing
that he was answered has a word of Alice's in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from argosy.cli.assembly.installing import control_plane_objects
from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject, Resource
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.cluster.http.test_assembly import KEYS
from tests.cluster.http.test_authorization_matrix import METHODS, rows_of
from tests.kit.verbs import verbs

CANARY = "word-of-alice"
RBAC = "rbac.authorization.k8s.io"
TEMPLATE: JsonObject = {
    "metadata": {"labels": {"app": "thing"}},
    "spec": {"containers": [{"name": "c", "image": "i", "env": [{"name": "X", "value": CANARY}]}]},
}
SELECTOR = {"matchLabels": {"app": "thing"}}
SOURCE = {"repoURL": f"https://git.example.com/{CANARY}.git", "path": "."}
DESTINATION = {"server": "https://kubernetes.default.svc", "namespace": "a"}
OBJECTS: dict[tuple[str, str], JsonObject] = {
    ("v1", "ConfigMap"): {"data": {"k": CANARY}},
    ("v1", "Secret"): {"stringData": {"k": CANARY}},
    ("v1", "ServiceAccount"): {},
    ("v1", "Service"): {"spec": {"ports": [{"port": 80}], "selector": {"app": CANARY}}},
    ("v1", "Pod"): {"spec": TEMPLATE["spec"]},
    ("v1", "PersistentVolumeClaim"): {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    },
    ("apps/v1", "Deployment"): {"spec": {"selector": SELECTOR, "template": TEMPLATE}},
    ("apps/v1", "StatefulSet"): {"spec": {"selector": SELECTOR, "template": TEMPLATE, "serviceName": "thing"}},
    ("batch/v1", "Job"): {"spec": {"template": {"spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}}},
    ("networking.k8s.io/v1", "NetworkPolicy"): {"spec": {"podSelector": {"matchLabels": {"app": CANARY}}}},
    ("coordination.k8s.io/v1", "Lease"): {"spec": {"holderIdentity": CANARY}},
    (f"{RBAC}/v1", "Role"): {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": [CANARY]}]},
    (f"{RBAC}/v1", "RoleBinding"): {
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "thing"},
        "subjects": [{"kind": "ServiceAccount", "name": "thing", "namespace": "a"}],
    },
    ("argoproj.io/v1alpha1", "Application"): {
        "spec": {"project": "default", "source": SOURCE, "destination": DESTINATION}
    },
    ("argoproj.io/v1alpha1", "AppProject"): {"spec": {"description": CANARY}},
}
APPLY = "application/apply-patch+yaml"
PATCHES: list[tuple[str, Any]] = [
    ("application/merge-patch+json", {"metadata": {"labels": {"taken": "yes"}}}),
    ("application/json-patch+json", [{"op": "add", "path": "/metadata/labels", "value": {"taken": "yes"}}]),
    ("application/strategic-merge-patch+json", {"metadata": {"labels": {"taken": "yes"}}}),
]
Try = tuple[str, str, Any, str]


def base(resource: Resource) -> str:
    return f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"


def straight(cluster: EmbeddedCluster) -> Iterator[Try]:
    """Every verb of every namespaced kind, and of its subresources, in `a`; lists of all namespaces."""
    for row in rows_of(cluster):
        resource = row.resource
        if not resource.namespaced:
            continue
        path = f"{base(resource)}/namespaces/a/{resource.plural}" + ("/thing" if row.name else "")
        path += (f"/{row.subresource}" if row.subresource else "") + (
            "?watch=true&timeoutSeconds=1" if row.verb == "watch" else ""
        )
        obj = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"name": "thing"}}
        if row.verb == "patch":
            for form, patch in PATCHES:
                yield "PATCH", path, patch, form
            yield "PATCH", f"{path}?fieldManager=bob&force=true", obj, APPLY
        else:
            body = obj if row.verb in ("create", "update") else None
            yield METHODS[row.verb], path, body, "application/json"
        if row.verb in ("list", "watch") and not row.subresource:
            query = "?watch=true&timeoutSeconds=1" if row.verb == "watch" else "?limit=1"
            yield "GET", f"{base(resource)}/{resource.plural}{query}", None, "application/json"
            yield (
                "GET",
                f"{base(resource)}/{resource.plural}?fieldSelector=metadata.namespace%3Da",
                None,
                "application/json",
            )


ROUNDABOUT: list[Try] = [
    # paths
    ("GET", "/api/v1/namespaces/b/../a/secrets/thing", None, "application/json"),
    ("GET", "/api/v1/namespaces/b%2F..%2Fa/secrets/thing", None, "application/json"),
    ("GET", "/api/v1/namespaces/b/secrets/..%2F..%2Fa%2Fsecrets%2Fthing", None, "application/json"),
    ("GET", "/api/v1/namespaces/b/secrets/../../a/secrets/thing", None, "application/json"),
    ("GET", "/api/v1//namespaces/a/secrets/thing", None, "application/json"),
    ("GET", "/api/v1/watch/namespaces/a/secrets?timeoutSeconds=1", None, "application/json"),
    ("GET", "/api/v1/watch/secrets?timeoutSeconds=1", None, "application/json"),
    ("GET", "/api/v1/watch/namespaces/a/secrets/thing?timeoutSeconds=1", None, "application/json"),
    ("GET", "/api/v1/namespaces/b/secrets?fieldSelector=metadata.namespace%3Da", None, "application/json"),
    ("GET", "http://elsewhere/api/v1/namespaces/a/secrets/thing", None, "application/json"),
    ("GET", "/api/v1/namespaces/A/secrets/thing", None, "application/json"),
    ("GET", "/api/v1/namespaces/a", None, "application/json"),
    ("DELETE", "/api/v1/namespaces/a", None, "application/json"),
    ("PATCH", "/api/v1/namespaces/a", PATCHES[0][1], PATCHES[0][0]),
    ("PUT", "/api/v1/namespaces/a/finalize", {"metadata": {"name": "a"}, "spec": {}}, "application/json"),
    # another namespace in the body
    ("POST", "/api/v1/namespaces/b/configmaps", {"metadata": {"name": "x", "namespace": "a"}}, "application/json"),
    (
        "PATCH",
        "/api/v1/namespaces/b/configmaps/x?fieldManager=m",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "a"}},
        APPLY,
    ),
    # as somebody else
    ("POST", "/api/v1/namespaces/a/serviceaccounts/thing/token", {"spec": {}}, "application/json"),
    (
        "POST",
        "/apis/authorization.k8s.io/v1/namespaces/a/localsubjectaccessreviews",
        {"metadata": {"namespace": "a"}, "spec": {"user": "alice", "resourceAttributes": {"namespace": "a"}}},
        "application/json",
    ),
    (
        "POST",
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        {"spec": {"user": "alice", "resourceAttributes": {"namespace": "a"}}},
        "application/json",
    ),
    # what refers to the other namespace
    (
        "POST",
        "/api/v1/namespaces/b/events",
        {
            "metadata": {"name": "e"},
            "involvedObject": {"kind": "Pod", "namespace": "a", "name": "thing"},
            "reason": "R",
            "type": "Normal",
        },
        "application/json",
    ),
    (
        "POST",
        f"/apis/{RBAC}/v1/namespaces/a/rolebindings",
        {
            "metadata": {"name": "mine"},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "admin"},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "bob"}],
        },
        "application/json",
    ),
    (
        "POST",
        f"/apis/{RBAC}/v1/clusterrolebindings",
        {
            "metadata": {"name": "mine"},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "admin"},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "bob"}],
        },
        "application/json",
    ),
    (
        "POST",
        "/api/v1/namespaces/b/secrets",
        {
            "metadata": {"name": "t", "annotations": {"kubernetes.io/service-account.name": "thing"}},
            "type": "kubernetes.io/service-account-token",
        },
        "application/json",
    ),
    ("GET", "/metrics", None, "application/json"),
    ("GET", "/logs/", None, "application/json"),
    ("GET", "/debug/pprof/", None, "application/json"),
    ("GET", "/api/v1/nodes", None, "application/json"),
    ("GET", "/api/v1/namespaces", None, "application/json"),
]
IMPERSONATIONS = [
    {"impersonate-user": "alice"},
    {"impersonate-user": "system:serviceaccount:a:thing"},
    {"impersonate-user": "bob", "impersonate-group": "system:serviceaccounts:a"},
    {"impersonate-user": "bob", "impersonate-group": "system:masters"},
]


def stored(cluster: EmbeddedCluster) -> dict[tuple[str, str, str], bytes]:
    """All that does not lie in `b`."""
    return {
        (table.group, table.plural, str(entry.key)): entry.encoded
        for table in cluster.store.tables()
        for entry in table.scan()
        if entry.key.namespace != "b"
    }


async def furnish(cluster: EmbeddedCluster) -> None:
    root = verbs(cluster.client("root", ("system:masters",)))
    namespaces = Resource("", "v1", "namespaces", "Namespace")
    for name in ("a", "b"):
        await root.create(namespaces, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    by_kind = {(kind.resource.api_version, kind.resource.kind): kind.resource for kind in cluster.catalog.all()}
    for (api_version, kind), content in OBJECTS.items():
        metadata = {"name": "thing", "namespace": "a", "labels": {"whose": CANARY}}
        await root.create(
            by_kind[api_version, kind], {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}
        )
    for namespace, user in (("a", "alice"), ("b", "bob")):
        binding = {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "admin", "namespace": namespace},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "admin"},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
        }
        await root.create(Resource(RBAC, "v1", "rolebindings", "RoleBinding"), binding)


async def attempt(front: ClusterFront, one: Try, more: dict[str, str] | None = None) -> tuple[int, bytes]:
    method, path, body, form = one
    headers = {"authorization": "Bearer bob", "content-type": form, **(more or {})}
    raw = json.dumps(body).encode() if body is not None else b""
    status, _, answer = await front.front.send(method, path, headers, raw)
    if isinstance(answer, bytes):
        return status, answer
    await answer.aclose()
    return status, b""


def test_one_tenant_reads_changes_and_uses_nothing_of_another() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        if not KEYS:
            KEYS.append(Keys.make(clock.now()))
        kinds = [obj for obj in control_plane_objects("argocd") if obj["kind"] == "CustomResourceDefinition"]
        tokens = {"alice": User("alice"), "bob": User("bob")}
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=[*bootstrap_objects(), *kinds]) as cluster:
            front = ClusterFront(cluster, KEYS[0], Settings(tokens=tokens))
            await furnish(cluster)
            await clock.sleep(60.0)
            before, tried = stored(cluster), 0
            for one in [*straight(cluster), *ROUNDABOUT]:
                status, answer = await attempt(front, one)
                tried += 1
                assert status >= 400 or _is_own(one), (one, status, answer)
                assert CANARY.encode() not in answer, one
            for headers in IMPERSONATIONS:
                for one in (ROUNDABOUT[-1], ("GET", "/api/v1/namespaces/a/secrets/thing", None, "application/json")):
                    assert (await attempt(front, one, headers))[0] == 403
                    tried += 1
            await clock.sleep(60.0)
            after = stored(cluster)
            assert {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} == set()
            assert tried > 500

    run_virtual(main)


def _is_own(one: Try) -> bool:
    """What is allowed, since it is of `b` alone, where there is nothing of Alice's."""
    return one[1].startswith(("/api/v1/namespaces/b/secrets", "/api/v1/namespaces/b/events"))


def test_the_owner_may_do_what_the_other_may_not() -> None:
    """So that it is not the attempts themselves that are wrong."""

    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        if not KEYS:
            KEYS.append(Keys.make(clock.now()))
        kinds = [obj for obj in control_plane_objects("argocd") if obj["kind"] == "CustomResourceDefinition"]
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=[*bootstrap_objects(), *kinds]) as cluster:
            front = ClusterFront(cluster, KEYS[0], Settings(tokens={"bob": User("alice")}))
            await furnish(cluster)
            codes = [(await attempt(front, one))[0] for one in straight(cluster)]
            assert sum(code < 400 for code in codes) > 100

    run_virtual(main)
