"""Malformed objects of every kind lie in the cluster, and all others converge, in every room (security rule 16).

They are written past validation, as a lax client or an older definition leaves them.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from argosy.cli.assembly.installing import control_plane_objects
from argosy.cli.outside import Outside
from argosy.cli.process import ControlPlane
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.clients.access import ClientAccess
from argosy.sealing.adapters.keymaking import made_key
from argosy.sealing.ports import MakeKey
from argosy.sealing.renewal import key_secret
from argosy.sealing.settings import Settings as SealingSettings
from tests.kit.engine import EngineWorld
from tests.kit.sealing import private, sealed
from tests.kit.world import SECRETS

BUILT_IN = {
    "v1": ("ConfigMap", "Secret", "Service", "Pod", "ServiceAccount", "Endpoints"),
    "apps/v1": ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"),
    "batch/v1": ("Job", "CronJob"),
    "networking.k8s.io/v1": ("Ingress",),
}
SECRET_TYPES = ("repository", "repo-creds", "cluster", "scm-creds", "repository-write")
HUGE = 10**18


def spoilt(api_version: str, kind: str) -> Iterator[JsonObject]:
    """One kind's object in every way that it can be wrong."""
    ways: dict[str, JsonObject] = {
        "empty": {},
        "list": {"spec": ["x"], "status": ["x"], "data": ["x"]},
        "text": {"spec": "x", "status": "x", "data": "x"},
        "number": {"spec": 1, "status": HUGE, "data": True},
        "null": {"spec": None, "status": None, "data": None},
        "nested": {"spec": {name: [None, {"a": HUGE}] for name in FIELDS}, "status": {"conditions": "x"}},
        "words": {"spec": dict.fromkeys(FIELDS, "not at all"), "status": {"conditions": ["x"], "phase": 3}},
        "maps": {"spec": {name: {"x": None} for name in FIELDS}, "status": {"conditions": [None], "history": [3]}},
        "huge": {"spec": dict.fromkeys(FIELDS, HUGE), "status": {"observedGeneration": "x"}},
    }
    for way, content in ways.items():
        yield {"apiVersion": api_version, "kind": kind, "metadata": {"name": f"bad-{way}"}, **content}
    odd: dict[str, Any] = {
        "annotations": {
            "argocd.argoproj.io/refresh": 3,
            "argocd.argoproj.io/sync-options": ["x"],
            "kargo.akuity.io/refresh": {},
        },
        "labels": {"argocd.argoproj.io/secret-type": 1, "kargo.akuity.io/project": None},
        "finalizers": [3],
        "ownerReferences": [{"apiVersion": 3, "kind": None, "name": [], "uid": "x"}],
    }
    yield {"apiVersion": api_version, "kind": kind, "metadata": {"name": "bad-metadata", **odd}}


FIELDS = (
    "project", "source", "sources", "destination", "syncPolicy", "ignoreDifferences", "generators", "template",
    "strategy", "selector", "replicas", "workloadRef", "analysis", "metrics", "args", "steps", "subscriptions",
    "requestedFreight", "promotionTemplate", "verification", "secretName", "issuerRef", "duration",
    "renewBefore", "dnsNames", "privateKey", "acme", "ca", "selfSigned", "encryptedData", "request", "usages",
    "templates", "interval", "shard", "vars", "freight", "stage", "roles", "destinations", "sourceRepos",
    "syncWindows", "rules", "ports", "containers", "schedule",
)  # fmt: skip


class WholeWorld(EngineWorld):
    """The whole process in virtual time: API server, simulated workloads, every room."""

    def __init__(self, directory: Path) -> None:
        super().__init__((), crds=[])
        self._directory = directory
        self.plane: ControlPlane

    def start(self) -> None:
        for obj in control_plane_objects("argocd"):
            self.create(obj)
        self.pass_time(2)
        outside = Outside(cache_directory=self._directory / "cache", own_machine=True)
        cluster_client = self.cluster.client("system:plane", ("system:masters",))
        self.plane = ControlPlane(ClientAccess(self.client, lambda user: cluster_client), self.clock, self.rng, outside)
        self.plane.run_in(self.supervisor)

    def kill(self) -> None:
        pass

    def leave(self, obj: JsonObject, namespace: str) -> None:
        """Stored as it is."""
        kind = next(
            found
            for found in self.cluster.catalog.all()
            if (found.resource.api_version, found.resource.kind) == (obj["apiVersion"], obj["kind"])
        )
        place = namespace if kind.resource.namespaced else ""
        metadata = {**obj["metadata"], "uid": f"uid-{obj['kind']}-{obj['metadata']['name']}"}
        metadata |= {"namespace": place} if place else {}
        metadata.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
        table = self.cluster.store.table(*kind.storage)

        async def put() -> None:
            self.cluster.store.put(table, Key(place, metadata["name"]), {**obj, "metadata": metadata}, None)

        self.run(put())

    def status(self, api_version: str, kind: str, name: str, namespace: str = "good") -> JsonObject:
        resource = self.resource({"apiVersion": api_version, "kind": kind})
        return (self.get(resource, Key(namespace, name)) or {}).get("status") or {}


def repository(root: Path) -> str:
    (root / "app").mkdir(parents=True)
    (root / "app" / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-git}\n")
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "begin"]):
        subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)
    return str(root)


def good_objects(url: str) -> list[JsonObject]:
    template: JsonObject = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "web:1"}]},
    }
    source = {"repoURL": url, "path": "app", "targetRevision": "main"}
    spec = {
        "project": "default",
        "source": source,
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "good"},
        "syncPolicy": {"automated": {}},
    }
    issuer = {"name": "own", "kind": "Issuer"}
    metric = {
        "name": "m",
        "provider": {"job": {"spec": {"template": {"spec": {**template["spec"], "restartPolicy": "Never"}}}}},
    }

    def named(name: str, namespace: str = "good") -> JsonObject:
        return {"name": name, "namespace": namespace}

    return [
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": named("web", "argocd"), "spec": spec},
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ApplicationSet",
            "metadata": named("set", "argocd"),
            "spec": {
                "generators": [{"list": {"elements": [{"n": "made"}]}}],
                "template": {"metadata": {"name": "{{n}}"}, "spec": {**spec, "syncPolicy": {}}},
            },
        },
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Issuer",
            "metadata": named("own"),
            "spec": {"selfSigned": {}},
        },
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": named("tls"),
            "spec": {"secretName": "tls", "dnsNames": ["a.example.com"], "issuerRef": issuer, "privateKey": ECDSA},
        },
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": named("web"),
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": "web"}},
                "template": template,
                "strategy": {"canary": {"steps": [{"setWeight": 50}]}},
            },
        },
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisRun",
            "metadata": named("run"),
            "spec": {"metrics": [metric]},
        },
        {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Project", "metadata": {"name": "kargo-good"}},
    ]


def is_ready(status: JsonObject) -> bool:
    return any(item["type"] == "Ready" and item["status"] == "True" for item in status.get("conditions") or ())


ECDSA = {"algorithm": "ECDSA", "size": 256}


@pytest.mark.timeout(240)
def test_all_others_converge_while_malformed_objects_of_every_kind_are_there(tmp_path: Path) -> None:
    url = repository(tmp_path / "repository")
    with WholeWorld(tmp_path) as world:
        world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "good"}})
        left = 0
        kinds = [(v, k) for v, names in BUILT_IN.items() for k in names]
        kinds += [
            (kind.resource.api_version, kind.resource.kind) for kind in world.cluster.catalog.all() if kind.custom
        ]
        assert len(kinds) > 35
        for api_version, kind in kinds:
            for obj in spoilt(api_version, kind):
                for namespace in ("good", "argocd") if kind in ("Secret", "ConfigMap", "Application") else ("good",):
                    world.leave(obj, namespace)
                    left += 1
        for number, name in enumerate(SECRET_TYPES):
            metadata = {"name": f"bad-{number}", "labels": {"argocd.argoproj.io/secret-type": name}}
            for way, data in enumerate(({"url": "x", "config": "%%%"}, ["x"], "x", {"server": 3, "name": None}, None)):
                labelled = {**metadata, "name": f"bad-{number}-{way}"}
                world.leave({"apiVersion": "v1", "kind": "Secret", "metadata": labelled, "data": data}, "argocd")
        assert left > 400
        since = world.clock.now()
        question = MakeKey(2048, "", since, since + timedelta(days=3650))
        key = made_key(private(0), question, b"0" * 16)
        world.create(key_secret(SealingSettings(), key))
        for obj in [*good_objects(url), sealed({"k": "opened"}, name="sealed", namespace="good")]:
            world.create(obj)
        world.pass_time(180)

        def told(text: JsonObject) -> str:
            return str(text)[:600]

        app = world.status("argoproj.io/v1alpha1", "Application", "web", "argocd")
        assert (app.get("sync") or {}).get("status") == "Synced", told(app)
        assert world.status("argoproj.io/v1alpha1", "Application", "made", "argocd"), "the set's Application"
        tls = world.status("cert-manager.io/v1", "Certificate", "tls")
        assert is_ready(tls), told(tls)
        rollout = world.status("argoproj.io/v1alpha1", "Rollout", "web")
        assert rollout.get("phase") == "Healthy", told(rollout)
        run = world.status("argoproj.io/v1alpha1", "AnalysisRun", "run")
        assert run.get("phase") == "Successful", told(run)
        secret = world.get(SECRETS, Key("good", "sealed"))
        assert secret is not None, told(world.status("bitnami.com/v1alpha1", "SealedSecret", "sealed"))
        project = world.status("kargo.akuity.io/v1alpha1", "Project", "kargo-good", "")
        assert any(c["type"] == "Ready" and c["status"] == "True" for c in project.get("conditions") or ()), told(
            project
        )
        world.run(_closed(world.plane))


async def _closed(plane: ControlPlane) -> None:
    await asyncio.shield(plane.close())
