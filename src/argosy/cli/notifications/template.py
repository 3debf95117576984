"""`argosy notifications template get|notify`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import orjson

from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.notifications.sources import configured, subject, variables
from argosy.cli.printing import table, write_value
from argosy.machinery.objects import JsonObject
from argosy.notify.configuration import Configuration, Destination, destination_of
from argosy.notify.functions import functions
from argosy.notify.look import object_defaults
from argosy.notify.services import Delivery, Doors, Refused, send
from argosy.notify.templates import Renderer, TemplateFailed
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.port import Credentials, SourceError

PREVIEW = 100


def get(options: argparse.Namespace) -> int:
    async def work(client: HttpClient, clock: Clock) -> int:
        found = (await configured(client, options)).configuration
        if options.name and options.name not in found.templates:
            raise CommandError(f"template '{options.name}' is not configured")
        chosen = {name: block for name, block in sorted(found.templates.items()) if options.name in ("", name)}
        if options.output == "name":
            print("\n".join(chosen))
        elif options.output == "wide":
            rows = [(name, _preview(block)) for name, block in chosen.items()]
            sys.stdout.write(table(("NAME", "PREVIEW"), rows))
        else:
            items = [{"name": name, **block} for name, block in chosen.items()]
            write_value(sys.stdout, items[0] if options.name else items, options.output)
        return Exit.OK

    return with_client(options, work)


def _preview(block: JsonObject) -> str:
    lines = str(block.get("message") or "").strip().splitlines()
    return lines[0][:PREVIEW] if lines else ""


def notify(options: argparse.Namespace) -> int:
    """Renders and sends; upstream ends with 0 when that fails, this with 1."""

    async def work(client: HttpClient, clock: Clock) -> int:
        found = (await configured(client, options)).configuration
        obj = await subject(client, options)
        given = await variables(client, options, obj)
        egress = Egress(EgressPolicy(allow_loopback=options.allow_loopback))
        try:
            for text in options.recipient or ["console:stdout"]:
                content = _rendered(found, options.name, obj, given, destination_of(text), clock)
                await _sent(found, destination_of(text), content, egress, clock)
        finally:
            await egress.close()
        return Exit.OK

    return with_client(options, work)


def _rendered(
    found: Configuration,
    name: str,
    obj: JsonObject,
    variables: dict[str, Any],
    destination: Destination,
    clock: Clock,
) -> JsonObject:
    renderer = Renderer.of(clock.now, SystemRng().token_bytes)
    given = {
        **variables,
        **functions(clock.now(), None, variables.get("app")),
        "context": {**found.context, "notificationType": destination.service},
        "secrets": dict(found.secrets),
        "serviceType": destination.service,
        "recipient": destination.recipient,
    }
    try:
        return {**renderer.notification((name,), found.templates, given), "": object_defaults(obj, (name,))}
    except TemplateFailed as error:
        raise CommandError(str(error)) from None


async def _sent(
    found: Configuration, destination: Destination, content: JsonObject, egress: Egress, clock: Clock
) -> None:
    service = found.services.get(destination.service)
    if service is None and destination.service != "console":
        raise CommandError(f"notification service '{destination.service}' is not supported")
    delivery = Delivery(
        type=service.type if service else "console",
        name=destination.service,
        recipient=destination.recipient,
        options=service.options if service else {},
        content=orjson.loads(orjson.dumps(content)),
        key=f"manual:{destination}",
    )
    try:
        await send(delivery, _doors(egress, clock))
    except (Refused, SourceError) as error:
        raise CommandError(f"{destination}: {error if isinstance(error, Refused) else 'cannot be reached'}") from None


def _doors(egress: Egress, clock: Clock) -> Doors:
    async def request(method: str, url: str, *, headers: Any, body: Any, insecure: bool, seconds: float) -> Any:
        credentials = Credentials(insecure=insecure)
        return await egress.request(
            method, url, credentials, limit=1 << 20, body=body, headers=headers, seconds=seconds
        )

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)

    return Doors(
        request=request,
        now=clock.now,
        sleep=sleep,
        address=egress.judged_address,
        write=lambda text: print(text, end=""),
    )
