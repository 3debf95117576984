"""`argosy seal verify`: whether every SealedSecret in files and directories opens; for pipelines.

By the controller of a cluster or of a server, with keys at hand, or without either (`--offline`): the form alone.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator

from argosy.apis.bitnami import SealedSecret
from argosy.apis.schema import read
from argosy.cli.failing import Exit
from argosy.cli.seal.controller import Controller, NotAllowed
from argosy.cli.seal.documents import Document
from argosy.cli.seal.files import sealed_texts
from argosy.cli.seal.key_files import opener, ring_of
from argosy.cli.seal.reaching import with_controller
from argosy.sealing.assembly import Unopened, sealed_label
from argosy.sealing.diagnosis import likely_mistakes
from argosy.sealing.endpoints import is_sound
from argosy.sealing.item import ItemError, decoded
from argosy.sealing.keyring import KeyRing
from argosy.sealing.scope import scope_of

Judge = Callable[[Document], Awaitable[list[str]]]
"""The problem of one SealedSecret."""
SHORTEST_ITEM = 2 + 128 + 16
"""Bytes: the length, a key of 1024 bits, a tag."""


def run(options: argparse.Namespace) -> int:
    if options.offline:
        return asyncio.run(_all(options, _nothing_more))
    if options.key:
        return asyncio.run(_all(options, with_keys(ring_of(options.key, options.passphrase_file))))

    return with_controller(options, lambda controller: _all(options, with_controllers_keys(controller)))


async def _nothing_more(document: Document) -> list[str]:
    return []


def with_controllers_keys(controller: Controller) -> Judge:
    async def judge(document: Document) -> list[str]:
        try:
            if await controller.verifies(document.obj):
                return []
        except NotAllowed as error:
            return [str(error)]
        for mistake, mended in likely_mistakes(document.obj):
            try:
                if await controller.verifies(mended):
                    return ["the controller cannot open it", mistake]
            except NotAllowed:
                continue  # the object whose name or namespace it may have had is not the caller's
        return ["the controller cannot open it: sealed for another name or namespace, or with a key it does not have"]

    return judge


def with_keys(ring: KeyRing) -> Judge:
    async def judge(document: Document) -> list[str]:
        view = document.view
        found = opener().now(view, ring, sealed_label(view))
        if not isinstance(found, Unopened):
            return []
        problems = found.message.splitlines()
        for mistake, mended in likely_mistakes(document.obj):
            changed = read(SealedSecret, mended)
            if not isinstance(opener().now(changed, ring, sealed_label(changed)), Unopened):
                return [*problems, mistake]
        return problems

    return judge


async def _all(options: argparse.Namespace, judge: Judge) -> int:
    count = faulty = 0
    for path, text in sealed_texts(options.paths):
        for document in text.documents:
            count += 1
            problems = list(form_faults(document)) or await judge(document)
            faulty += bool(problems)
            for one in problems:
                print(f"{path}: {document.name}: {one}")
    checked = "1 SealedSecret" if count == 1 else f"{count} SealedSecrets"
    print(f"{checked} checked, {faulty} faulty.", file=sys.stderr)
    return Exit.FAILED if faulty else Exit.OK


def form_faults(document: Document) -> Iterator[str]:
    """The problems that can be found without a key."""
    if not is_sound(document.obj):
        yield "its fields are not of the types of a SealedSecret"
        return
    view = document.view
    if not view.metadata.name:
        yield "metadata.name is missing"
    template, own = scope_of(view.spec.template.metadata.annotations), scope_of(view.metadata.annotations)
    if template is not own and view.spec.template.metadata.annotations:
        yield f"the scope is {own} by its own annotations, and {template} by those of the template, which do not count"
    for key, item in sorted(view.spec.encrypted_data.items()):
        try:
            if len(decoded(item)) < SHORTEST_ITEM:
                yield f"spec.encryptedData[{key}]: too short for a sealed item"
        except ItemError as error:
            yield f"spec.encryptedData[{key}]: {error}"
