"""`argosy repo ... --server`: repositories as the server reaches them, which alone has their credentials."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from argosy.cli.connect import chosen_server
from argosy.cli.failing import Exit
from argosy.cli.login.server import Server, calling, chosen, opened
from argosy.runtime.clock import Clock
from argosy.server.services.repositories.secrets import FLAGS, NUMBERS, OCI_HTTP

PATH = "/api/v1/repositories"


def add(options: argparse.Namespace, content: Mapping[str, str]) -> int:
    """Refused if the server cannot reach it."""
    body: dict[str, Any] = {"repo": content["url"]}
    for name, value in content.items():
        if name != "url":
            body[name] = True if name in (*FLAGS, OCI_HTTP) else int(value) if name in NUMBERS else value

    async def work(server: Server) -> int:
        query = "?upsert=true" if options.upsert else ""
        await server.call("POST", f"{PATH}{query}", body)
        print(f"Repository '{options.url}' added")
        return Exit.OK

    return calling(options, work)


async def problems(options: argparse.Namespace, clock: Clock) -> dict[tuple[str, str], str]:
    """The connection error of each, by URL and project."""
    async with opened(await chosen(chosen_server(options), options, clock), clock) as server:
        answer = await server.call("GET", f"{PATH}?forceRefresh=true")
    found = {}
    for item in answer.get("items") or ():
        state = item.get("connectionState") or {}
        failed = state.get("status") == "Failed"
        found[item["repo"], item.get("project") or ""] = str(state.get("message") or "Failed") if failed else ""
    return found
