"""Manifests as users write them, given to the API server with the controllers of their product, in virtual time.

Each is accepted, or is one that says of itself that it is malformed: then it is refused, or its status tells of it. No
controller fails on any of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from argosy.machinery.objects import Key, Resource
from argosy.machinery.status import StatusError
from argosy.machinery.text.yaml import YamlError, load_documents
from tests.kit.certs import GATEWAY_CRDS, CertsWorld
from tests.kit.engine import EngineWorld
from tests.kit.rollout_story import NAMESPACE, RolloutStory
from tests.kit.sealing import SealingWorld

from .outcome import Outcome, not_run
from .reading import each

Json = dict[str, Any]
SETTLE_SECONDS, COMPLAIN_SECONDS = 5.0, 90.0
BROKEN, FAILING = "malformed", "expectedfailures"
"""How files and folders are named whose objects must be refused, or complained of."""
SEALED = Resource("bitnami.com", "v1alpha1", "sealedsecrets", "SealedSecret")
SECRETS = Resource("", "v1", "secrets", "Secret")
TEMPLATES = ("AnalysisTemplate", "ClusterAnalysisTemplate")
"""Have no status: what is made of them complains."""
PLACEHOLDER = re.compile(rb"\$\$\w+\$\$|REPLACEME")
DEFINITION = "CustomResourceDefinition"


def rollouts(data: Path) -> Iterator[Outcome]:
    support = [crd for _, crds in _given_files((data / "rollouts/support-crds").glob("*.yaml")) for crd in crds]
    files = sorted((data / "rollouts/manifests").glob("*/*.yaml"))
    play = partial(_rollouts_of, support)
    return each("rollouts/manifests", files, play, lambda file: f"{file.parent.name}/{file.stem}")


def _rollouts_of(support: Sequence[Json], file: Path) -> Iterator[Outcome]:
    name = f"{file.parent.name}/{file.stem}"
    try:
        objects = [_placed(obj, NAMESPACE) for obj in documents(file)]
    except YamlError as error:
        wrong = "" if file.parent.name == FAILING else f"cannot be read: {error}"
    else:
        wrong = outcome(RolloutStory, objects, support, broken=file.stem.startswith(BROKEN))
    yield Outcome("rollouts/manifests", name, not wrong, wrong[:600])


def support_crds(data: Path) -> Iterator[Outcome]:
    files = list((data / "rollouts/support-crds").glob("*.yaml"))
    yield from _unread("rollouts/support-crds", files)
    for file, definitions in _given_files(files):
        wrong = outcome(lambda: EngineWorld(()), definitions, ())
        yield Outcome("rollouts/support-crds", file.stem, not wrong, wrong[:600])


def cert_manager(data: Path) -> Iterator[Outcome]:
    """By admission alone: whom Issuers reach is not in a manifest. What comes with them only has to be readable."""
    files = list((data / "cert-manager/manifests").glob("*.yaml"))
    yield from _unread("cert-manager/manifests", files)
    for file, objects in _given_files(files):
        with CertsWorld(crds=GATEWAY_CRDS) as world:
            world.kill()
            refused = [(obj, _given(world, obj)) for obj in [*_namespaces(objects), *objects]]
        own = [said for obj, said in refused if said and "cert-manager.io/" in obj["apiVersion"]]
        yield Outcome("cert-manager/manifests", file.stem, not own, "; ".join(own)[:600])


def sealed_secrets(data: Path) -> Iterator[Outcome]:
    """All of them, in the order of their files: keys first, then what is sealed with them."""
    files = list((data / "sealed-secrets/manifests").glob("*.yaml"))
    yield from _unread("sealed-secrets/manifests", files)
    objects = [obj for _, found in _given_files(files) for obj in found]
    if not objects:
        return
    with SealingWorld() as world:
        refused = [said for obj in [*_namespaces(objects), *objects] if (said := _given(world, obj))]
        world.kill()
        world.start()  # keys are read at the start
        world.pass_time(SETTLE_SECONDS)
        yield Outcome("sealed-secrets/manifests", "accepted", not refused, "; ".join(refused)[:600])
        for obj in objects:
            if obj["kind"] == "SealedSecret":
                name = f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"
                wrong = _unsealed(world, Key(*name.split("/")))
                yield Outcome("sealed-secrets/manifests", name, not wrong, wrong)


def _unsealed(world: EngineWorld, key: Key) -> str:
    sealed = world.get(SEALED, key) or {}
    conditions = {one["type"]: one for one in (sealed.get("status") or {}).get("conditions") or ()}
    synced = conditions.get("Synced")
    if synced is None:
        return "has no condition"
    secret = world.get(SECRETS, key)
    owned = secret is not None and any(one["kind"] == "SealedSecret" for one in _owners(secret))
    if synced["status"] == "True":
        return "" if secret is not None else "Synced, without a Secret"
    return f"not Synced, with a Secret: {synced}" if owned else "" if synced.get("message") else f"no reason: {synced}"


def _owners(obj: Json) -> list[Json]:
    return obj["metadata"].get("ownerReferences") or []


def outcome(
    make: Callable[[], EngineWorld], objects: Sequence[Json], before: Sequence[Json], *, broken: bool = False
) -> str:
    """ "" when all went as it should."""
    try:
        with make() as world:
            for obj in before:
                _given(world, obj)
            refused = [said for obj in objects if (said := _given(world, obj))]
            world.pass_time(COMPLAIN_SECONDS if broken else SETTLE_SECONDS)
            failing = [f"{work} {failing.error}" for work, failing in world.engine.failing.items()]
            if failing:
                return f"failing: {failing}"
            if broken:
                told = [obj for obj in objects if obj["kind"] not in TEMPLATES]
                silent = bool(told) and not refused and not any(_complains(world, obj) for obj in told)
                return "nobody says what is wrong" if silent else ""
            return "; ".join(refused)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _complains(world: EngineWorld, obj: Json) -> bool:
    """A phase or a condition says that it cannot be."""
    group, _, version = obj["apiVersion"].rpartition("/")
    plural = f"{obj['kind'].lower()}s"
    resource = Resource(group, version, plural, obj["kind"], namespaced="namespace" in obj["metadata"])
    found = world.get(resource, Key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])) or {}
    status = found.get("status") or {}
    told = [status.get("phase"), *(one.get("type") for one in status.get("conditions") or ())]
    return any(word in ("Degraded", "Error", "Failed", "InvalidSpec", "InvalidExperimentSpec") for word in told)


def _given(world: EngineWorld, obj: Json) -> str:
    """What is said against it."""
    try:
        world.create(obj)
    except AssertionError:
        return ""  # of a kind whose definition is not among what was given
    except StatusError as error:
        metadata = obj.get("metadata") or {}
        return "" if error.code == 409 else f"{obj.get('kind')} {metadata.get('name')}: {error}"
    return ""


def documents(file: Path) -> list[Json]:
    """All objects of a file. Raises YamlError."""
    text = PLACEHOLDER.sub(b"filled-in", file.read_bytes())
    found = [obj for obj in load_documents(text) if isinstance(obj, dict) and obj.get("kind")]
    objects = [item for obj in found for item in (obj.get("items") or () if obj.get("kind") == "List" else [obj])]
    if not all(isinstance(one, dict) and one.get("kind") and isinstance(one.get("metadata"), dict) for one in objects):
        raise YamlError("an object has no kind or no metadata")
    if not objects:
        raise YamlError("it holds no object")
    return objects


def _given_files(files: Iterable[Path]) -> Iterator[tuple[Path, list[Json]]]:
    """Those that can be read, with what they hold."""
    for file in sorted(files):
        with suppress(YamlError):
            yield file, documents(file)


def _unread(family: str, files: Iterable[Path]) -> Iterator[Outcome]:
    for file in sorted(files):
        try:
            documents(file)
        except YamlError as error:
            yield not_run(family, file.stem, f"cannot be read: {' '.join(str(error).split())[:200]}")


CLUSTER_WIDE = ("ClusterAnalysisTemplate", "ClusterRole", "ClusterRoleBinding", "Namespace", DEFINITION)


def _placed(obj: Json, namespace: str) -> Json:
    if obj["kind"] in CLUSTER_WIDE:
        return obj
    return {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}


def _namespaces(objects: Sequence[Json]) -> list[Json]:
    names = dict.fromkeys(name for obj in objects if (name := obj["metadata"].get("namespace")))
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]
