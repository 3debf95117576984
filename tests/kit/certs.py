"""Certificates in virtual time: `CertsWorld` runs this room's controllers on the embedded API server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from argosy import certs
from argosy.apis.certmanager import Certificate, ClusterIssuer, Issuer
from argosy.apis.published import published
from argosy.apis.schema import read
from argosy.certs.adapters.acme.simulated import SimulatedAcme
from argosy.certs.adapters.crypto import Crypto
from argosy.certs.ports import MayRefer
from argosy.certs.settings import Settings
from argosy.cli.rooms.certs_admission import attach
from argosy.cluster.store import Change
from argosy.machinery.controller import Question
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from tests.kit.engine import EngineWorld


class CertsWorld(EngineWorld):
    """`answerers` are laid over those of keys and signatures; ACME servers are simulated."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        answerers: Mapping[type[Question[Any]], Answerer] | None = None,
        crds: Sequence[JsonObject] = (),
        webhook: bool = True,
        acme: Callable[[Clock, Rng], SimulatedAcme] = SimulatedAcme,
        **more: Any,
    ) -> None:
        self._has_webhook, self._make_acme = webhook, acme
        self.settings = settings or Settings()
        super().__init__(certs.controllers(self.settings), crds=[*published("cert-manager"), *crds], **more)
        self._more_answerers = answerers or {}

    def __enter__(self) -> Self:
        self.acme = self._make_acme(self.clock, self.rng)
        own: dict[type[Question[Any]], Answerer] = {MayRefer: Answerer(answer=_allowed)}
        own |= {**Crypto(self.clock, self.rng).answerers(), **self.acme.answerers()}
        self._answerers = {**own, **self._more_answerers}
        self.now_stored: dict[tuple[str, str, str], JsonObject] = {}
        entered = super().__enter__()
        self.cluster.on_commit(self._committed)
        if self._has_webhook:
            attach(self.cluster)
        return entered

    def _committed(self, batch: Sequence[Change]) -> None:
        for change in batch:
            metadata = change.obj["metadata"]
            place = (change.obj["kind"], metadata.get("namespace", ""), metadata["name"])
            if change.new is None:
                self.now_stored.pop(place, None)
            else:
                self.now_stored[place] = change.obj

    def stored(self, kind: str, name: str, namespace: str = "default") -> JsonObject | None:
        """What the server has at this instant; unlike `get` it can be asked within a goal."""
        return self.now_stored.get((kind, namespace, name))

    def all_stored(self, kind: str) -> list[JsonObject]:
        return [obj for (found, _, _), obj in self.now_stored.items() if found == kind]

    def certificate(self, name: str, namespace: str = "default") -> Certificate:
        return read(Certificate, self.stored("Certificate", name, namespace) or {})

    def secret(self, name: str, namespace: str = "default") -> JsonObject | None:
        return self.stored("Secret", name, namespace)

    def events(self, reason: str = "") -> list[JsonObject]:
        return [one for one in self.all_stored("Event") if reason in ("", one["reason"])]


async def _allowed(question: MayRefer) -> bool:
    """Who may do what is tested with a server that knows rights."""
    return True


def gateway_crd(kind: str, plural: str) -> JsonObject:
    """A kind of the Gateway API without its schema: whatever is written is kept."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    group = "gateway.networking.k8s.io"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [version],
        },
    }


GATEWAY_CRDS = (gateway_crd("Gateway", "gateways"), gateway_crd("HTTPRoute", "httproutes"))


def issuer(name: str = "selfsigned", namespace: str = "default", **spec: Any) -> JsonObject:
    metadata = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer",
        "metadata": metadata,
        "spec": spec or {"selfSigned": {}},
    }


def cluster_issuer(name: str, **spec: Any) -> JsonObject:
    return {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": name}, "spec": spec}


def certificate(name: str = "web", namespace: str = "default", issuer: str = "selfsigned", **spec: Any) -> JsonObject:
    """ECDSA, since tests make many."""
    made = {
        "secretName": f"{name}-tls",
        "dnsNames": [f"{name}.example.test"],
        "privateKey": {"algorithm": "ECDSA"},
        "issuerRef": {"name": issuer},
        **spec,
    }
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": name, "namespace": namespace},
        "spec": made,
    }


__all__ = ["CertsWorld", "ClusterIssuer", "Issuer", "certificate", "cluster_issuer", "issuer"]
