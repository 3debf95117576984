"""`argosy seal create`: Secrets from a file or standard input become SealedSecrets; `--raw` one value, one item."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import Any

from argosy.cli.connect import kubeconfigs
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import write_value
from argosy.cli.seal.certificate import sealer_of
from argosy.cli.seal.documents import SealedText
from argosy.cli.seal.files import read_text, write_text
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load_documents
from argosy.runtime.clock import RealClock
from argosy.runtime.http.connection import ConnectionSettingsError
from argosy.sealing.scope import Scope, label_of
from argosy.sealing.seal import Sealer, SealError, parsed_scope, prepared, template_metadata, warnings


def run(options: argparse.Namespace) -> int:
    if options.raw:
        return _raw(options)
    if options.from_file:
        raise CommandError("--from-file requires --raw")
    secrets = _secrets(options)
    if options.merge_into is not None:
        return _merge(options, secrets)
    sealer = sealer_of(options)
    made = [_sealed(sealer, secret, options) for secret in secrets]
    form = options.output or ("json" if options.write and options.write.suffix == ".json" else "yaml")
    stream = io.StringIO()
    for obj in made:
        if form == "yaml":
            stream.write("---\n")
        write_value(stream, obj, form)
    if options.write is not None:
        write_text(options.write, stream.getvalue())
    else:
        sys.stdout.write(stream.getvalue())
    return Exit.OK


def _secrets(options: argparse.Namespace) -> list[JsonObject]:
    """Raises CommandError."""
    text = read_text(options.file) if options.file is not None else sys.stdin.read()
    try:
        documents = load_documents(text)
    except YamlError as error:
        raise CommandError(f"{options.file or 'standard input'}: {error}") from None
    if not documents:
        raise CommandError("no Secret found: give one with --file or on standard input")
    try:
        return [_prepared(options, document) for document in documents]
    except SealError as error:
        raise CommandError(str(error)) from None


def _prepared(options: argparse.Namespace, document: Any) -> JsonObject:
    return prepared(
        document,
        namespace=options.namespace,
        default_namespace=_default_namespace(options),
        name=options.name,
        scope=options.scope,
    )


def _default_namespace(options: argparse.Namespace) -> str:
    """The namespace of the kubeconfig's context, like kubectl."""
    from argosy.runtime.http.kubeconfig import load_kubeconfig

    try:
        return load_kubeconfig(kubeconfigs(options), RealClock(), context=options.context).namespace or "default"
    except ConnectionSettingsError:
        return "default"


def _sealed(sealer: Sealer, secret: JsonObject, options: argparse.Namespace) -> JsonObject:
    for text in warnings(secret):
        print(f"warning: {secret['metadata']['name']}: {text}", file=sys.stderr)
    try:
        return sealer.sealed(secret, allow_empty=options.allow_empty_data)
    except SealError as error:
        raise CommandError(f"{secret['metadata']['name']}: {error}") from None


def _merge(options: argparse.Namespace, secrets: list[JsonObject]) -> int:
    """Merges into a file with one SealedSecret: replaces items, and adds labels and annotations to the template."""
    path: Path = options.merge_into
    text = SealedText.of(str(path), read_text(path))
    if len(text.documents) != 1 or len(secrets) != 1:
        raise CommandError(f"--merge-into {path}: one Secret, and a file with one SealedSecret, would be right")
    document, secret = text.documents[0], secrets[0]
    own = document.view.metadata
    secret = {**secret, "metadata": {**secret["metadata"], "name": own.name, "namespace": own.namespace}}
    made = _sealed(sealer_of(options), secret, options)
    text.put(document, made["spec"]["encryptedData"])
    added = template_metadata({name: secret["metadata"].get(name) for name in ("labels", "annotations")})
    for field, texts in added.items():
        text.put_in(document, ("spec", "template", "metadata", field), texts)
    write_text(path, text.edited)
    return Exit.OK


def _raw(options: argparse.Namespace) -> int:
    if len(options.from_file) > 1:
        raise CommandError("--raw seals one item: give one --from-file")
    try:
        scope = parsed_scope(options.scope or Scope.STRICT)
    except SealError as error:
        raise CommandError(str(error)) from None
    namespace = options.namespace or ("" if scope is Scope.CLUSTER_WIDE else _default_namespace(options))
    if scope is Scope.STRICT and not options.name:
        raise CommandError("--raw with the strict scope needs --name: the item opens under no other")
    value = _value(options.from_file[0] if options.from_file else "-")
    sys.stdout.write(sealer_of(options).item(label_of(scope, namespace, options.name), value))
    return Exit.OK


def _value(text: str) -> bytes:
    """`PATH`, or `KEY=PATH` as kubectl spells it; `-` is standard input."""
    path = text.partition("=")[2] or text
    if path in ("-", "/dev/stdin"):
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CommandError(f"--from-file {path}: {error.strerror or error}") from None
