"""`argosy cert status` and `argosy cert inspect`."""

from __future__ import annotations

import argparse
import sys

from argosy.apis.certmanager import Certificate
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.commands import inspection, story
from argosy.certs.commands.waiting import headline
from argosy.cli.cert.reading import listed, required, story_of
from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.cli.printing import one_line, table, write_value
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def status(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        if options.name is None:
            return await _all(client, clock, options)
        certificate = await required(client, Certificate, options.name, options.namespace)
        found = await story_of(client, certificate, briefly=options.output == "line")
        line = one_line(headline(found, clock.now()))
        if options.output == "json":
            lines = list(story.lines(found))
            write_value(sys.stdout, {"name": options.name, "waiting": line, "story": lines}, "json")
        else:
            print(f"{options.name} {line}")
            if options.output == "text":
                print("\n".join(one_line(text) for text in story.lines(found)))
        return Exit.OK

    return with_client(options, work)


async def _all(client: Client, clock: Clock, options: argparse.Namespace) -> int:
    namespace = "" if options.all_namespaces else options.namespace
    rows: list[tuple[str, str, str]] = []
    for certificate in await listed(client, Certificate, namespace):
        found = await story_of(client, certificate, briefly=True)
        rows.append((certificate.metadata.namespace, certificate.metadata.name, headline(found, clock.now())))
    if options.output == "json":
        keys = ("namespace", "name", "waiting")
        write_value(sys.stdout, [dict(zip(keys, row, strict=True)) for row in rows], "json")
    elif rows:
        print(table(("NAMESPACE", "NAME", "STATUS"), rows), end="")
    else:
        print(f"There are no Certificates{f' in namespace {namespace}' if namespace else ''}.")
    return Exit.OK


def inspect(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        secret = await required(client, Secret, options.secret, options.namespace)
        print("\n".join(one_line(text) for text in inspection.lines(secret, clock.now())))
        return Exit.OK

    return with_client(options, work)
