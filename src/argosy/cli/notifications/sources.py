"""Where the commands read from: files that were given, else the cluster."""

from __future__ import annotations

import argparse
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from argosy.apis.kubernetes.views.core import ConfigMap, Secret
from argosy.cli.failing import CommandError, Exit
from argosy.machinery.objects import JsonObject, Key, Resource, resource_of
from argosy.machinery.requests import Get, List
from argosy.machinery.status import StatusError
from argosy.machinery.text import yaml
from argosy.machinery.text.yaml import YamlError
from argosy.notify.configuration import Configuration, configuration
from argosy.notify.rollout_events import ANALYSIS_RUNS, CONFIG_MAP, ROLLOUTS, SECRET, variables_of, workload_of
from argosy.notify.subjects import APP_PROJECTS, APPLICATIONS
from argosy.runtime.http.client import HttpClient

EMPTY: Final = ":empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    configuration: Configuration
    data: dict[str, str] = field(repr=False)
    """Of the ConfigMap, as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A kind that is notified about, and where that is configured."""

    resource: Resource
    config_map: str
    secret: str
    namespace: str = ""
    """Of an object that is named without one; empty: that of the settings."""
    needs_condition: bool = True
    """Whether a trigger without a condition never fires, rather than by each of its Events."""


ABOUT: Final = {
    "application": About(
        resource=APPLICATIONS,
        config_map="argocd-notifications-cm",
        secret="argocd-notifications-secret",  # noqa: S106
    ),
    "rollout": About(
        resource=ROLLOUTS, config_map=CONFIG_MAP, secret=SECRET, namespace="default", needs_condition=False
    ),
}


def about(options: argparse.Namespace) -> About:
    return ABOUT[options.about]


async def configured(client: HttpClient, options: argparse.Namespace) -> Found:
    """Raises CommandError."""
    config_map = await _one(client, options, options.config_map, resource_of(ConfigMap), about(options).config_map)
    secret: JsonObject | None = None
    if options.secret != EMPTY:
        secret = await _one(client, options, options.secret, resource_of(Secret), about(options).secret)
    data = {str(key): str(value) for key, value in ((config_map or {}).get("data") or {}).items()}
    return Found(configuration=configuration(data, _values(secret or {})), data=data)


async def subject(client: HttpClient, options: argparse.Namespace) -> JsonObject:
    """The object that the command is about. Raises CommandError."""
    if (given := _file(options.name_of_object)) is not None:
        given["metadata"].setdefault("namespace", about(options).namespace or options.namespace)
        return given
    kind = about(options)
    namespace, _, name = options.name_of_object.rpartition("/")
    found = await _get(client, kind.resource, Key(namespace or kind.namespace or options.namespace, name))
    if found is None:
        text = f"{kind.resource.kind.lower()} {options.name_of_object!r} not found"
        raise CommandError(text, Exit.CALL_FAILED)
    return found


async def variables(client: HttpClient, options: argparse.Namespace, obj: JsonObject) -> dict[str, Any]:
    """What triggers and templates see of the object and what surrounds it."""
    if about(options).resource is not ROLLOUTS:
        return {"app": obj, "appProject": await project_of(client, options, obj)}
    at = workload_of(obj)
    workload = await _get(client, *at) if at is not None else None
    runs = await client.page(List(resource=ANALYSIS_RUNS, namespace=obj["metadata"]["namespace"]))
    return variables_of(obj, workload, runs.items)


async def project_of(client: HttpClient, options: argparse.Namespace, app: JsonObject) -> JsonObject:
    name = str((app.get("spec") or {}).get("project") or "default")
    return await _get(client, APP_PROJECTS, Key(options.namespace, name)) or {}


async def _one(
    client: HttpClient, options: argparse.Namespace, path: str | None, resource: Resource, name: str
) -> JsonObject | None:
    return _read(path) if path else await _get(client, resource, Key(options.namespace, name))


async def _get(client: HttpClient, resource: Resource, key: Key) -> JsonObject | None:
    try:
        return await client.get(Get(resource, key))
    except StatusError as error:
        if error.is_not_found:
            return None
        raise


def _file(path: str) -> JsonObject | None:
    return _read(path) if Path(path).is_file() else None


def _read(path: str) -> JsonObject:
    try:
        found: Any = yaml.load(Path(path).read_bytes())
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None
    except YamlError as error:
        raise CommandError(f"{path}: {error}") from None
    if not isinstance(found, dict):
        raise CommandError(f"{path}: a Kubernetes object is wanted")
    found.setdefault("metadata", {}).setdefault("name", Path(path).stem)
    return found


def _values(secret: JsonObject) -> dict[str, bytes]:
    found = {str(key): b64decode(str(value)) for key, value in (secret.get("data") or {}).items()}
    return found | {str(key): str(value).encode() for key, value in (secret.get("stringData") or {}).items()}
