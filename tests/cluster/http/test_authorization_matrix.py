"""Security rules 4 and 10: every verb of every served resource and subresource, for every kind of caller.

The rows come from the catalog, so a new kind or subresource is in the matrix by itself; the subresources are also
listed here, so that a new one must be declared. What is expected is worked out from the stored roles by `Entitled`,
which shares nothing with the evaluator.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.cluster.auth.attributes import Attributes, Verdict
from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.auth.rbac import Rbac
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.http.exchange import Request
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject, Resource
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.kit.verbs import verbs

GROUP = "rbac.authorization.k8s.io"
CLUSTER_ROLES = Resource(GROUP, "v1", "clusterroles", "ClusterRole")
ROLES = Resource(GROUP, "v1", "roles", "Role")
CLUSTER_ROLE_BINDINGS = Resource(GROUP, "v1", "clusterrolebindings", "ClusterRoleBinding")
ROLE_BINDINGS = Resource(GROUP, "v1", "rolebindings", "RoleBinding")
NAMESPACES = Resource("", "v1", "namespaces", "Namespace")
DEFINITIONS = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
METHODS = {
    "get": "GET",
    "list": "GET",
    "watch": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}
PROXIED = ("get", "create", "update", "patch", "delete")
KNOWN_SUBRESOURCES = {
    "approval", "attach", "binding", "ephemeralcontainers", "eviction", "exec", "finalize", "log", "portforward",
    "proxy", "resize", "scale", "status", "token",
}  # fmt: skip
READER_RULES = [{"verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"]}]
ALL_RULES = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
WIDGETS: JsonObject = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
                },
            }
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Row:
    verb: str
    resource: Resource
    subresource: str = ""

    @property
    def namespace(self) -> str:
        return "default" if self.resource.namespaced else ""

    @property
    def name(self) -> str:
        if self.subresource or self.verb in ("get", "update", "patch", "delete"):
            return "absent"
        return ""

    @property
    def spelled(self) -> str:
        return f"{self.resource.plural}/{self.subresource}" if self.subresource else self.resource.plural

    def path(self, name: str = "absent") -> str:
        resource = self.resource
        base = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
        parts = [base, *(["namespaces", self.namespace] if self.namespace else []), resource.plural]
        if self.name:
            parts.append(name)
        if self.subresource:
            parts.append(self.subresource)
        return "/".join(parts) + ("?watch=true&timeoutSeconds=1" if self.verb == "watch" else "")


def rows_of(cluster: EmbeddedCluster) -> Iterator[Row]:
    for kind in cluster.catalog.all():
        for verb in kind.verbs:
            yield Row(verb, kind.resource)
        for name, subresource in kind.subresources.items():
            for verb in subresource.verbs:
                yield Row(verb, kind.resource, name)
        if kind.resource.plural in ("services", "pods") and not kind.resource.group:
            for verb in PROXIED:
                yield Row(verb, kind.resource, "proxy")


class Entitled:
    """What the stored roles say, read as simply as the rules of RBAC are written (spec section 15)."""

    def __init__(self, objects: Sequence[JsonObject]) -> None:
        self.rules: dict[tuple[str, str], list[JsonObject]] = {}
        self.bindings: dict[tuple[str, str], list[JsonObject]] = {}
        for obj in objects:
            metadata = obj["metadata"]
            if "roleRef" not in obj:
                self.rules[metadata.get("namespace", ""), metadata["name"]] = obj.get("rules") or []
            for subject in obj.get("subjects") or ():
                self.bindings.setdefault((subject["kind"], subject["name"]), []).append(obj)

    def __call__(self, user: str, groups: Sequence[str], row: Row) -> bool:
        if "system:masters" in groups:
            return True
        subjects = [("User", user), *(("Group", group) for group in groups)]
        return any(self._grants(binding, row) for one in subjects for binding in self.bindings.get(one, ()))

    def _grants(self, binding: JsonObject, row: Row) -> bool:
        where, ref = binding["metadata"].get("namespace", ""), binding["roleRef"]
        if where not in ("", row.namespace):
            return False
        rules = self.rules.get((where if ref["kind"] == "Role" else "", ref["name"]), ())
        return any(_covers(rule, row) for rule in rules)


def _covers(rule: JsonObject, row: Row) -> bool:
    spellings = {"*", row.spelled} | ({f"*/{row.subresource}"} if row.subresource else set())
    return (
        bool({"*", row.verb} & set(rule["verbs"]))
        and bool({"*", row.resource.group} & set(rule.get("apiGroups") or ()))
        and bool(spellings & set(rule.get("resources") or ()))
        and (not rule.get("resourceNames") or row.name in rule["resourceNames"])
    )


class Matrix:
    def __init__(self, cluster: EmbeddedCluster, front: ClusterFront) -> None:
        self.cluster, self.front = cluster, front
        self.client = verbs(cluster.client("root", ("system:masters",)))
        self.asked: list[Attributes] = []
        judge = front.rbac.judge

        def noting(user: User, asked: Attributes) -> Verdict:
            self.asked.append(asked)
            return judge(user, asked)

        front.rbac.judge = noting  # type: ignore[method-assign]

    async def grant(self, user: str, rules: list[JsonObject], namespace: str = "") -> None:
        kind = "Role" if namespace else "ClusterRole"
        metadata = {"name": f"to-{user}", **({"namespace": namespace} if namespace else {})}
        api_version = f"{GROUP}/v1"
        role = {"apiVersion": api_version, "kind": kind, "metadata": metadata, "rules": rules}
        binding = {
            "apiVersion": api_version,
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": GROUP, "kind": kind, "name": f"to-{user}"},
            "subjects": [{"apiGroup": GROUP, "kind": "User", "name": user}],
        }
        await self.client.create(ROLES if namespace else CLUSTER_ROLES, role)
        await self.client.create(ROLE_BINDINGS if namespace else CLUSTER_ROLE_BINDINGS, binding)

    def stored(self) -> list[JsonObject]:
        plurals = ("roles", "clusterroles", "rolebindings", "clusterrolebindings")
        return [obj for plural in plurals for obj in self.cluster.reader.list(GROUP, plural)]

    async def send(self, row: Row, user: str, groups: Sequence[str], name: str = "absent") -> tuple[int, bytes]:
        """As the holder of a client certificate; without a user as nobody."""
        subject = [("commonName", user), *(("organizationName", group) for group in groups)] if user else None
        content_type = "application/merge-patch+json" if row.verb == "patch" else "application/json"
        headers = {"content-type": [content_type]}
        body = b"" if row.verb in ("get", "list", "watch", "delete", "deletecollection") else b"{}"
        if row.verb == "deletecollection":
            body = b'{"dryRun":["All"]}'
        self.asked.clear()
        response = await self.front.front.handle(Request(METHODS[row.verb], row.path(name), headers, body, subject))
        if isinstance(response.body, bytes):
            return response.status, response.body
        await response.body.aclose()
        return response.status, b""


def is_denied(code: int, body: bytes, row: Row) -> bool:
    """Refused by RBAC, not by admission."""
    return code == 403 and f'cannot {row.verb} resource \\"{row.spelled}\\"'.encode() in body


def with_matrix(story: Callable[[Matrix], Awaitable[None]], tokens: dict[str, User] | None = None) -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            front = ClusterFront(cluster, Keys.make(clock.now()), Settings(tokens=tokens or {}))
            matrix = Matrix(cluster, front)
            await matrix.client.create(DEFINITIONS, WIDGETS)
            await story(matrix)

    run_virtual(main)


def test_every_verb_of_every_resource_is_judged_as_declared_for_every_kind_of_caller() -> None:
    async def story(matrix: Matrix) -> None:
        other: JsonObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}
        await matrix.client.create(NAMESPACES, other)
        await matrix.grant("reader", READER_RULES)
        await matrix.grant("elsewhere", ALL_RULES, "other")
        rows = list(dict.fromkeys(rows_of(matrix.cluster)))
        assert len(rows) > 500
        assert {row.resource.plural for row in rows} >= {"widgets", "pods", "secrets", "clusterroles", "tokenreviews"}
        for number, row in enumerate(rows):
            rule = {"verbs": [row.verb], "apiGroups": [row.resource.group], "resources": [row.spelled]}
            await matrix.grant(f"exact-{number}", [rule])
        entitled = Entitled(matrix.stored())
        for number, row in enumerate(rows):
            assert (await matrix.send(row, "", ()))[0] == 401, row
            for user, groups in (
                ("nobody", ()),
                ("reader", ()),
                ("elsewhere", ()),
                (f"exact-{number}", ()),
                (f"exact-{(number + 1) % len(rows)}", ()),
                ("admin", ("system:masters",)),
            ):
                allowed = entitled(user, (*groups, "system:authenticated"), row)
                code, body = await matrix.send(row, user, groups)
                assert is_denied(code, body, row) is not allowed, (row, user, code, body[:200])
                first = matrix.asked[0]
                assert (first.verb, first.group, first.spelled_resource, first.namespace, first.name) == (
                    row.verb,
                    row.resource.group,
                    row.spelled,
                    row.namespace if row.resource.plural != "namespaces" or not row.name else row.name,
                    row.name,
                ), (row, first)
                assert code != 500 or b"unexpected" not in body, (row, body)

    with_matrix(story)


def test_subresources_are_those_declared_here() -> None:
    async def story(matrix: Matrix) -> None:
        found = {row.subresource for row in rows_of(matrix.cluster)} - {""}
        assert found <= KNOWN_SUBRESOURCES, "a new subresource: declare it here once its rights are thought over"
        assert found >= {"log", "token", "binding", "eviction", "finalize", "scale", "status", "proxy"}

    with_matrix(story)


def test_what_one_may_not_see_answers_as_what_is_absent() -> None:
    """Rule 10: equal in code, text and headers but for the name."""

    async def story(matrix: Matrix) -> None:
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hidden", "namespace": "default"}}
        await matrix.client.create(CONFIG_MAPS, made)
        for kind in matrix.cluster.catalog.all():
            present = matrix.cluster.reader.list(*kind.storage, "default" if kind.resource.namespaced else "")
            name = next((obj["metadata"]["name"] for obj in present), "hidden")
            for row in (row for row in rows_of(matrix.cluster) if row.resource == kind.resource and row.name):
                unseen = await matrix.send(row, "nobody", (), name)
                absent = await matrix.send(row, "nobody", (), "zzz-absent")
                assert unseen[0] == absent[0], row
                assert unseen[1] == absent[1].replace(b"zzz-absent", name.encode()), row

    with_matrix(story)


@pytest.mark.parametrize(
    "path", ["/metrics", "/version", "/api", "/apis", "/apis/apps", "/openapi/v3", "/openapi/v2", "/", "/logs"]
)
def test_paths_that_are_no_resource_are_judged_by_their_urls(path: str) -> None:
    async def story(matrix: Matrix) -> None:
        await matrix.grant("exact", [{"verbs": ["get"], "nonResourceURLs": [path]}])
        await matrix.grant("other", [{"verbs": ["get"], "nonResourceURLs": ["/something/*"]}])
        public = path.startswith(("/api", "/version", "/openapi"))
        for user, allowed in (("exact", True), ("other", public), ("nobody", public)):
            request = Request("GET", path, {}, b"", [("commonName", user)])
            response = await matrix.front.front.handle(request)
            assert (response.status != 403) is allowed, (user, response.status)
        assert (await matrix.front.front.handle(Request("GET", path))).status == 401

    with_matrix(story)


def test_tokens_and_certificates_of_one_user_are_judged_alike() -> None:
    async def story(matrix: Matrix) -> None:
        await matrix.grant("reader", READER_RULES)
        for row in (row for row in rows_of(matrix.cluster) if row.resource.plural in ("pods", "secrets", "widgets")):
            code, body = await matrix.send(row, "reader", ())
            content_type = "application/merge-patch+json" if row.verb == "patch" else "application/json"
            headers = {"authorization": "Bearer reader-token", "content-type": content_type}
            raw = b"" if METHODS[row.verb] in ("GET", "DELETE") else b"{}"
            by_token, _, answer = await matrix.front.front.send(METHODS[row.verb], row.path(), headers, raw)
            if not isinstance(answer, bytes):
                await answer.aclose()
            assert (by_token == 403) == (code == 403), row
            if code == 403:
                assert answer == body

    with_matrix(story, {"reader-token": User("reader")})


RULES = st.lists(
    st.fixed_dictionaries(
        {
            "verbs": st.lists(st.sampled_from(["*", "get", "list", "create"]), min_size=1, max_size=2),
            "apiGroups": st.lists(st.sampled_from(["*", "", "apps"]), min_size=1, max_size=2),
            "resources": st.lists(
                st.sampled_from(["*", "pods", "pods/log", "*/log", "secrets"]), min_size=1, max_size=2
            ),
            "resourceNames": st.lists(st.sampled_from(["a", "b"]), max_size=1),
        }
    ),
    max_size=4,
)


def rbac_objects(rules: list[JsonObject], namespace: str) -> list[tuple[str, JsonObject]]:
    kind, prefix = ("Role", "") if namespace else ("ClusterRole", "cluster")
    metadata = {"name": "r", **({"namespace": namespace} if namespace else {})}
    ref = {"apiGroup": GROUP, "kind": kind, "name": "r"}
    binding = {"metadata": metadata, "roleRef": ref, "subjects": [{"kind": "User", "name": "u"}]}
    return [(f"{prefix}roles", {"metadata": metadata, "rules": rules}), (f"{prefix}rolebindings", binding)]


@settings(max_examples=100, deadline=None)
@given(
    mine=RULES,
    everywhere=RULES,
    verb=st.sampled_from(["get", "list", "create", "delete"]),
    group=st.sampled_from(["", "apps", "batch"]),
    plural=st.sampled_from(["pods", "secrets"]),
    subresource=st.sampled_from(["", "log"]),
    name=st.sampled_from(["", "a", "b", "c"]),
)
def test_the_rules_review_and_the_evaluator_agree(
    mine: list[JsonObject],
    everywhere: list[JsonObject],
    verb: str,
    group: str,
    plural: str,
    subresource: str,
    name: str,
) -> None:
    rbac, objects = Rbac(), [*rbac_objects(mine, "ns"), *rbac_objects(everywhere, "")]
    for found, obj in objects:
        rbac.observe(GROUP, found, None, orjson.loads(orjson.dumps(obj)))
    asked = Attributes(verb, group, plural, subresource, "ns", name)
    spellings = {"*", asked.spelled_resource} | ({f"*/{subresource}"} if subresource else set())
    by_review = any(
        {"*", verb} & set(rule["verbs"])
        and {"*", group} & set(rule["apiGroups"])
        and spellings & set(rule["resources"])
        and (not rule.get("resourceNames") or name in rule["resourceNames"])
        for rule in rbac.rules_for(User("u"), "ns")
    )
    assert rbac.judge(User("u"), asked).allowed is by_review
    assert not rbac.judge(User("v"), asked).allowed


@pytest.mark.parametrize(
    "query",
    [
        "fieldSelector=metadata.name%3Dmine&fieldSelector=",
        "fieldSelector=metadata.name%3Dmine,metadata.name%3Dhidden",
        "fieldSelector=metadata.name%3Dmine,metadata.namespace!%3Dx",
        "fieldSelector=metadata.name%3D%3Dmine",
        "fieldSelector=%20metadata.name%3Dmine",
        "fieldSelector=metadata.name!%3Dmine",
        "fieldSelector=metadata.name%3Dmine&labelSelector=a",
        "fieldSelector=metadata.name%3Dhidden,metadata.name%3Dmine",
        "limit=1&fieldSelector=metadata.name%3Dmine",
    ],
)
def test_a_right_to_one_name_lists_no_other_whatever_the_selector(query: str) -> None:
    async def story(matrix: Matrix) -> None:
        for name in ("mine", "hidden"):
            obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}
            await matrix.client.create(CONFIG_MAPS, obj)
        rule = {"verbs": ["list", "get"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mine"]}
        await matrix.grant("one", [rule])
        path = f"/api/v1/namespaces/default/configmaps?{query}"
        response = await matrix.front.front.handle(Request("GET", path, {}, b"", [("commonName", "one")]))
        assert isinstance(response.body, bytes)
        if response.status == 200:
            names = [item["metadata"]["name"] for item in json.loads(response.body)["items"]]
            assert set(names) <= {"mine"}
        else:
            assert response.status in (400, 403)

    with_matrix(story)
