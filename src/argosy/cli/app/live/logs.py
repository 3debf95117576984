"""`argosy app logs`: the logs of an Application's Pods, container by container."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from datetime import datetime
from typing import Any

from argosy.cli.app.applications import get, key_of_name
from argosy.cli.app.comparison.destination import destination, listed
from argosy.cli.connect import chosen_server, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient

PODS = Resource("", "v1", "pods", "Pod")
OWNED_BY = (
    Resource("apps", "v1", "replicasets", "ReplicaSet"),
    Resource("batch", "v1", "jobs", "Job"),
)
"""Kinds between a workload and its Pods."""


def run(options: argparse.Namespace) -> int:
    if chosen_server(options):
        from argosy.cli.app import at_server

        return at_server.logs(options)

    key = key_of_name(options.name, options)
    until = _time(options.until_time)
    options.resource_name = options.pod or options.resource_name

    async def work(client: HttpClient, clock: Clock) -> int:
        app = await get(client, key)
        async with destination(client, clock, app, options) as there:
            pods = await _pods(there, app, options)
            reading = [_print(there, pod, name, options, until) for pod in pods for name in _containers(pod, options)]
            async with asyncio.timeout(options.timeout or None):
                await (asyncio.gather(*reading) if options.follow else _in_turn(reading))
        return Exit.OK

    try:
        return with_client(options, work)
    except TimeoutError:
        return Exit.OK


async def _in_turn(reading: list[Coroutine[Any, Any, None]]) -> None:
    for one in reading:
        await one


def _time(text: str) -> datetime | None:
    try:
        return parse(text) if text else None
    except ValueError:
        raise CommandError(f"--until-time {text!r}: give a time as RFC 3339") from None


async def _pods(client: HttpClient, app: JsonObject, options: argparse.Namespace) -> list[JsonObject]:
    """The Pods that a selected object is, or owns directly or indirectly."""
    items = listed(app, options)
    found: list[JsonObject] = []
    for namespace in sorted({str(item.get("namespace") or "") for item in items} - {""}):
        owners = {
            (str(item.get("kind")), str(item.get("name"))) for item in items if item.get("namespace") == namespace
        }
        for resource in OWNED_BY:
            page = await client.page(requests.List(resource=resource, namespace=namespace))
            owners |= {(resource.kind, obj["metadata"]["name"]) for obj in page.items if _is_owned(obj, owners)}
        pods = await client.page(requests.List(resource=PODS, namespace=namespace))
        found += [pod for pod in pods.items if ("Pod", pod["metadata"]["name"]) in owners or _is_owned(pod, owners)]
    return found


def _is_owned(obj: JsonObject, owners: set[tuple[str, str]]) -> bool:
    references = obj["metadata"].get("ownerReferences") or ()
    return any((str(owner.get("kind")), str(owner.get("name"))) in owners for owner in references)


def _containers(pod: JsonObject, options: argparse.Namespace) -> list[str]:
    names = [str(item["name"]) for item in pod["spec"]["containers"]]
    if not options.container:
        return names
    known = {*names, *(str(item["name"]) for item in pod["spec"].get("initContainers") or ())}
    if options.container not in known:
        print(f"container {options.container} is not valid for pod {pod['metadata']['name']}")
        return []
    return [options.container]


async def _print(
    client: HttpClient, pod: JsonObject, container: str, options: argparse.Namespace, until: datetime | None
) -> None:
    query = {"container": container}
    if options.follow:
        query["follow"] = "true"
    if options.previous:
        query["previous"] = "true"
    if options.tail:
        query["tailLines"] = str(options.tail)
    if options.since_seconds:
        query["sinceSeconds"] = str(options.since_seconds)
    if until is not None:
        query["timestamps"] = "true"
    metadata = pod["metadata"]
    path = PODS.path(metadata["namespace"], metadata["name"], "log")
    try:
        async for line in _lines(client.stream(path, query)):
            if (text := _wanted(line, options, until)) is not None:
                sys.stdout.write(f"{text}\n")
    except StatusError as error:
        if error.code != 400:  # a container that has not started has no logs
            raise


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


def _wanted(line: str, options: argparse.Namespace, until: datetime | None) -> str | None:
    if until is not None:
        stamp, _, line = line.partition(" ")
        if datetime.fromisoformat(stamp) > until:
            return None
    if options.filter:
        text = options.filter.removeprefix("!")
        has = text in line if options.match_case else text.lower() in line.lower()
        if has == options.filter.startswith("!"):
            return None
    return line
