"""`argosy resource health|actions`: judges objects from a file, with no cluster at hand."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import object_name, table, write_value
from argosy.gitops.actions import discover
from argosy.gitops.health import health_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.yaml import YamlError, load_documents


def health(options: argparse.Namespace) -> int:
    """A kind without a check has no health: null, and `-` as text."""
    rows, found = [], []
    for obj in _objects(options.filename):
        verdict = health_of(obj)
        judged = {"status": verdict.status, "message": verdict.message} if verdict else None
        found.append({**_identity(obj), "health": judged})
        rows.append((object_name(obj), verdict.status if verdict else "-", verdict.message if verdict else ""))
    _show(options.output, found, table(("RESOURCE", "HEALTH", "MESSAGE"), rows))
    return Exit.OK


def actions(options: argparse.Namespace) -> int:
    """What is offered for the object as it is; a kind without actions has none."""
    rows, found = [], []
    for obj in _objects(options.filename):
        offered = discover(obj)
        entries = [action.as_json() for action in offered]
        found.append({**_identity(obj), "actions": entries})
        rows += [(object_name(obj), action.name, "true" if action.disabled else "false") for action in offered]
    _show(options.output, found, table(("RESOURCE", "ACTION", "DISABLED"), rows))
    return Exit.OK


def _show(output: str, found: list[JsonObject], text: str) -> None:
    """One object in, one object out; several in, a list."""
    if output == "json":
        write_value(sys.stdout, found[0] if len(found) == 1 else found, "json")
    else:
        sys.stdout.write(text)


def _objects(filename: str) -> list[JsonObject]:
    try:
        documents = load_documents(sys.stdin.buffer.read() if filename == "-" else Path(filename).read_bytes())
    except OSError as error:
        raise CommandError(f"--filename {filename}: {error.strerror}") from None
    except YamlError as error:
        raise CommandError(f"--filename {filename}: {error}") from None
    objects = [doc for doc in documents if isinstance(doc, dict) and doc.get("kind")]
    if len(objects) != len(documents) or not objects:
        raise CommandError(f"--filename {filename}: every document must be an object with apiVersion and kind")
    return objects


def _identity(obj: JsonObject) -> JsonObject:
    metadata = obj.get("metadata") or {}
    found = {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind"), "name": metadata.get("name")}
    return {**found, "namespace": metadata["namespace"]} if metadata.get("namespace") else found
