"""Reads ApplicationSets from files, and from the API server by name."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.machinery.text.yaml import YamlError, load_documents
from argosy.runtime.client import Client

APPLICATION_SETS: Final = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet")
MANAGER: Final = "argosy-cli"


def key_of_name(name: str, options: argparse.Namespace) -> Key:
    """Parses `NAME`, which is in the selected namespace, or `NAMESPACE/NAME`."""
    namespace, slash, rest = name.partition("/")
    if slash and (not namespace or not rest or "/" in rest):
        raise CommandError(f"application set {name!r}: give NAME or NAMESPACE/NAME")
    return Key(namespace, rest) if slash else Key(options.namespace, name)


async def get(client: Client, key: Key) -> JsonObject:
    try:
        return await client.get(requests.Get(APPLICATION_SETS, Key(key.namespace, key.name)))
    except StatusError as error:
        if not error.is_not_found:
            raise
        raise CommandError(
            f"application set {key.name!r} not found in namespace {key.namespace!r}", Exit.CALL_FAILED
        ) from None


def from_files(files: list[str], options: argparse.Namespace) -> list[JsonObject]:
    """Reads every ApplicationSet and sets its namespace; `-` is standard input. Other kinds are refused."""
    found = [appset for file in files for appset in _documents(file)]
    if not found:
        raise CommandError(f"{', '.join(files)}: no ApplicationSet in it")
    return [_placed(appset, options.namespace) for appset in found]


def _documents(file: str) -> list[JsonObject]:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        documents = load_documents(data)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    except YamlError as error:
        raise CommandError(f"{file}: {error}") from None
    return [_checked(file, document) for document in documents]


def _checked(file: str, document: object) -> JsonObject:
    if not isinstance(document, dict) or document.get("kind") != APPLICATION_SETS.kind:
        kind = document.get("kind") if isinstance(document, dict) else type(document).__name__
        raise CommandError(f"{file}: an ApplicationSet would be right, found {kind}")
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise CommandError(f"{file}: metadata.name is missing")
    return document


def _placed(appset: JsonObject, namespace: str) -> JsonObject:
    metadata = appset["metadata"]
    return {**appset, "metadata": {**metadata, "namespace": metadata.get("namespace") or namespace}}
