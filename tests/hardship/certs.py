"""The stories of certificates: they are issued, change, are spoilt and renewed; by a CA, and by an ACME server."""

from __future__ import annotations

import itertools
from base64 import b64decode
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any

from argosy.apis import crds
from argosy.apis.certmanager import Certificate, CertificateRequest, Challenge, Issuer, Order
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs import controllers
from argosy.certs.acme.http01_objects import INGRESSES, PODS, SERVICES
from argosy.certs.adapters.acme.simulated import SimulatedAcme, SimulatedServer
from argosy.certs.adapters.crypto import Crypto
from argosy.certs.names import KEY_HOLDER
from argosy.certs.pki import certificates, keys
from argosy.certs.ports import GenerateKey
from argosy.certs.settings import Settings
from argosy.machinery.controller import Hidden
from argosy.machinery.objects import JsonObject, resource_of
from argosy.runtime.engine import Answerer, Engine
from tests.kit.certs import certificate, issuer
from tests.kit.hardship import Committed, Part, Process, Step, Story
from tests.kit.world import World

CERTIFICATES, REQUESTS, ISSUERS = resource_of(Certificate), resource_of(CertificateRequest), resource_of(Issuer)
ORDERS, CHALLENGES, SECRETS = resource_of(Order), resource_of(Challenge), resource_of(Secret)
URL = "https://acme.test/dir"
NEVER = {"policy": "Disabled"}


class SharedEngine(Engine):
    def replicas_changed(self) -> None:
        self.wake_all()


@lru_cache(maxsize=32)
def key_number(kind: keys.KeyKind, number: int) -> Hidden:
    """RSA keys of accounts would take most of the time of a run."""
    return Hidden(keys.encode(keys.generate(kind), "PKCS8"))


class CertsStory(Story):
    settings = Settings()

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.acme = SimulatedAcme(world.clock, world.rng, {URL: self.server()})
        self._numbers = itertools.count()

    def server(self) -> SimulatedServer:
        return SimulatedServer()

    @classmethod
    def definitions(cls) -> Sequence[JsonObject]:
        return crds("cert-manager")

    def prepare(self) -> None:
        for kind in (CERTIFICATES, REQUESTS, ORDERS, CHALLENGES, SECRETS, PODS, SERVICES, INGRESSES):
            self.list(kind)  # what is looked at in the end is followed from the start

    def start(self, process: Process) -> Part:
        async def generate(question: GenerateKey) -> Hidden:
            number = 0 if question.kind.algorithm == keys.RSA else next(self._numbers)
            return key_number(question.kind, number % 24)

        answerers: dict[Any, Answerer] = {**Crypto(process.clock, process.rng).answerers(), **self.acme.answerers()}
        return SharedEngine(
            process.client,
            process.caches,
            process.clock,
            process.rng,
            controllers(self.settings),
            {**answerers, GenerateKey: Answerer(answer=generate)},
            owns=lambda controller, key: process.owns(key),
        )

    def is_ready(self, name: str) -> bool:
        conditions = ((self.get(CERTIFICATES, name) or {}).get("status") or {}).get("conditions") or []
        states = {one["type"]: one["status"] for one in conditions}
        return states.get("Ready") == "True" and states.get("Issuing") != "True"

    def leaf(self, name: str) -> certificates.X509 | None:
        data = (self.get(SECRETS, f"{name}-tls") or {}).get("data") or {}
        try:
            return certificates.first_of(b64decode(data.get("tls.crt", "")))
        except ValueError:
            return None

    def names(self, name: str) -> tuple[str, ...]:
        found = self.leaf(name)
        return found.alt_names.dns if found else ()

    def told(self, *names: str) -> object:
        """What a person sees: readiness, names, and that the key fits."""
        return {name: (self.is_ready(name), self.names(name), fits(self.get(SECRETS, f"{name}-tls"))) for name in names}

    def wrong(self, write: Committed) -> Iterable[str]:
        """A Secret's key always fits its certificate, and an Order is valid only with its certificate."""
        after = write.after
        if after is None:
            return
        name, applied = after["metadata"].get("name", ""), write.write.verb == "apply"
        if after["kind"] == "Secret" and name.endswith("-tls") and applied and not fits(after):
            yield f"{name}: the key is not that of the certificate"
        if after["kind"] == "Order":
            status = after.get("status") or {}
            if status.get("state") == "valid" and not status.get("certificate"):
                yield f"{name} is valid and holds no certificate"

    def wrong_at_the_end(self) -> Iterable[str]:
        """Nothing that was only for the issuing is left."""
        for one in self.list(SECRETS):
            if "cert-manager.io/next-private-key" in (one["metadata"].get("labels") or {}):
                yield f"Secret {one['metadata']['name']} with a next private key is left behind"
        held = [(one["metadata"].get("annotations") or {}).get(KEY_HOLDER) for one in self.list(REQUESTS)]
        if len(held) != len(set(held)):
            yield "two requests were made with one private key"


def fits(secret: JsonObject | None) -> bool:
    data = (secret or {}).get("data") or {}
    try:
        public = certificates.first_of(b64decode(data.get("tls.crt", ""))).public
        return public == keys.facts_of(b64decode(data.get("tls.key", ""))).public
    except ValueError:
        return False


class Issuing(CertsStory):
    """A CA and its leaves: issued, changed, spoilt by others, deleted and made again."""

    name = "issuing"

    def steps(self) -> Iterable[Step]:
        yield partial(self.create, ISSUERS, issuer())
        yield partial(self.create, CERTIFICATES, certificate("root", isCA=True, commonName="root", renewal=NEVER))
        yield partial(self.create, ISSUERS, issuer("ca", ca={"secretName": "root-tls"}))
        for name in ("a", "b"):
            yield partial(self.create, CERTIFICATES, certificate(name, issuer="ca", renewal=NEVER))
        yield lambda: all(self.is_ready(name) for name in ("root", "a", "b"))
        yield partial(self.patch, CERTIFICATES, "a", {"spec": {"dnsNames": ["a.example.test", "more.example.test"]}})
        yield partial(self.patch, SECRETS, "b-tls", {"data": {"tls.crt": "bm9uc2Vuc2U="}})
        yield lambda: len(self.names("a")) == 2 and self.names("b") == ("b.example.test",)
        yield partial(self.delete, SECRETS, "a-tls")
        yield lambda: len(self.names("a")) == 2 and self.is_ready("a")
        yield partial(self.delete, CERTIFICATES, "b")
        yield lambda: self.get(CERTIFICATES, "b") is None

    def outcome(self) -> object:
        requests = sorted(one["metadata"]["name"].rpartition("-")[0] for one in self.list(REQUESTS))
        return self.told("root", "a"), sorted(set(requests))


class Renewing(CertsStory):
    """A certificate of an hour is renewed twice by its CA."""

    name = "renewing"
    quiet = timedelta(seconds=100)

    def steps(self) -> Iterable[Step]:
        yield partial(self.create, ISSUERS, issuer())
        yield partial(self.create, CERTIFICATES, certificate("a", duration="1h"))
        yield lambda: self.is_ready("a")
        yield lambda: self.revision() >= 3
        yield partial(self.patch, CERTIFICATES, "a", {"spec": {"renewal": NEVER}})
        yield lambda: self.is_ready("a")

    def revision(self) -> int:
        return int(((self.get(CERTIFICATES, "a") or {}).get("status") or {}).get("revision") or 0)

    def outcome(self) -> object:
        found = self.names("a"), fits(self.get(SECRETS, "a-tls")), self.revision() >= 3
        renewal = ((self.get(CERTIFICATES, "a") or {}).get("status") or {}).get("renewalTime")
        return found, renewal is None


class Ordering(CertsStory):
    """An ACME server is registered with, asked, and answers; what proved the names is taken away again."""

    name = "ordering"

    def steps(self) -> Iterable[Step]:
        acme = {
            "server": URL,
            "email": "a@example.test",
            "privateKeySecretRef": {"name": "account"},
            "solvers": [{"http01": {"ingress": {"ingressClassName": "nginx"}}}],
        }
        yield partial(self.create, ISSUERS, issuer("acme", acme=acme))
        names = ["a.example.test", "b.example.test"]
        yield partial(self.create, CERTIFICATES, certificate("a", issuer="acme", dnsNames=names, renewal=NEVER))
        yield lambda: self.is_ready("a")
        yield partial(self.patch, CERTIFICATES, "a", {"spec": {"dnsNames": ["c.example.test"]}})
        yield lambda: self.names("a") == ("c.example.test",) and self.is_ready("a")
        yield lambda: not self.list(CHALLENGES)

    def outcome(self) -> object:
        left = [one["metadata"]["name"] for kind in (PODS, SERVICES, INGRESSES) for one in self.list(kind, "default")]
        left = [name for name in left if name.startswith("cm-acme-http-solver-")]
        states = sorted({str((one.get("status") or {}).get("state")) for one in self.list(ORDERS)})
        return self.told("a"), left, states, [one["metadata"]["name"] for one in self.list(CHALLENGES)]


class Failing(CertsStory):
    """A name that the server cannot validate: one failure, a wait, and success once it can."""

    name = "failing"
    settings = Settings(minimum_backoff=timedelta(minutes=10))

    def server(self) -> SimulatedServer:
        return SimulatedServer(failing={"*": "403 urn:ietf:params:acme:error:unauthorized: nobody is there"})

    def steps(self) -> Iterable[Step]:
        acme = {
            "server": URL,
            "privateKeySecretRef": {"name": "account"},
            "solvers": [{"http01": {"ingress": {"ingressClassName": "nginx"}}}],
        }
        yield partial(self.create, ISSUERS, issuer("acme", acme=acme))
        yield partial(self.create, CERTIFICATES, certificate("a", issuer="acme", renewal=NEVER))
        yield lambda: bool(((self.get(CERTIFICATES, "a") or {}).get("status") or {}).get("failedIssuanceAttempts"))
        yield self._mended
        yield lambda: self.is_ready("a")

    def _mended(self) -> None:
        self.acme.servers[URL].failing = {}

    def outcome(self) -> object:
        status = (self.get(CERTIFICATES, "a") or {}).get("status") or {}
        return self.told("a"), status.get("revision"), status.get("failedIssuanceAttempts")


STORIES: tuple[type[Story], ...] = (Issuing, Renewing, Ordering, Failing)
