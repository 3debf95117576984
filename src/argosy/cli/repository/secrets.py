"""The Secrets of repositories and credential templates: their names, derived as upstream does, and their content."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from argosy.cli.failing import CommandError, Exit
from argosy.cli.repository.arguments import FILES, SWITCHES, TEXTS
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

SECRETS: Final = Resource("", "v1", "secrets", "Secret")
TYPE_LABEL: Final = "argocd.argoproj.io/secret-type"
MANAGED_BY: Final = "managed-by"
MANAGER: Final = "argosy-cli"


def fnv32a(text: str) -> int:
    found = 0x811C9DC5
    for byte in text.encode():
        found = (found ^ byte) * 0x01000193 & 0xFFFFFFFF
    return found


def secret_name(prefix: str, url: str, project: str = "") -> str:
    return f"{prefix}-{fnv32a(url + project)}"


def attribute(flag: str) -> str:
    return flag.lstrip("-").replace("-", "_")


def content_of(options: argparse.Namespace) -> dict[str, str]:
    """The credentials from flags; files are read."""
    found = {"url": options.url, "type": options.type}
    found |= {name: value for flag, name, _ in TEXTS if (value := getattr(options, attribute(flag)))}
    for flag, name, _ in FILES:
        if path := getattr(options, attribute(flag)):
            found[name] = read_file(path, flag)
    return found | {name: "true" for flag, name, _ in SWITCHES if getattr(options, attribute(flag))}


def read_file(path: str, flag: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        raise CommandError(f"{flag} {path}: {reason}", Exit.CALL_FAILED) from None


def secret_of(name: str, namespace: str, kind: str, content: Mapping[str, str]) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {TYPE_LABEL: kind},
            "annotations": {MANAGED_BY: "argocd.argoproj.io"},
        },
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in content.items()},
    }


async def listed(client: Client, namespace: str, kind: str) -> list[JsonObject]:
    page = await client.page(
        requests.List(resource=SECRETS, namespace=namespace, label_selector=f"{TYPE_LABEL}={kind}")
    )
    return list(page.items)


async def put(client: Client, wanted: JsonObject, present: JsonObject | None, what: str, *, upsert: bool) -> None:
    """Adding an identical one succeeds; a different one needs --upsert."""
    namespace = wanted["metadata"]["namespace"]
    if present is None:
        try:
            await client.write(requests.create(SECRETS, wanted, manager=MANAGER))
        except StatusError as error:
            if not error.is_already_exists:
                raise
            present = await client.get(requests.Get(SECRETS, Key(namespace, wanted["metadata"]["name"])))
        else:
            return
    old, new = present.get("data") or {}, wanted["data"]
    different = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if not different:
        return
    if not upsert:
        names = ", ".join(f'"{name}"' for name in different)
        text = f"existing {what} spec is different; use upsert flag to force update; difference in keys {names}"
        raise CommandError(text, Exit.CALL_FAILED)
    await client.write(requests.update(SECRETS, {**present, "data": new}, manager=MANAGER))
