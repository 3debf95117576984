"""`argosy repo add|list|get|rm`: repositories, and whether each can be reached from here."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from argosy.cli.connect import chosen_server, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.outside import Doors, Outside
from argosy.cli.place import Place
from argosy.cli.printing import table, write_value
from argosy.cli.repository.arguments import REPOSITORY_SWITCHES
from argosy.cli.repository.secrets import SECRETS, attribute, content_of, listed, put, secret_name, secret_of
from argosy.gitops.control_plane.configuration import CONFIG_MAPS
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.timestamps import seconds
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock, RealClock
from argosy.sources.credentials import KNOWN_HOSTS_CONFIG_MAP, TLS_CONFIG_MAP, CredentialBook, Repository
from argosy.sources.port import Credentials, SourceError
from argosy.sources.urls import normalise_url

KIND = "repository"
HEADER = ("TYPE", "NAME", "REPO", "INSECURE", "OCI", "LFS", "CREDS", "STATUS", "MESSAGE", "PROJECT")
PATIENCE = 20.0
"""Seconds that one repository has to answer."""


def add(options: argparse.Namespace) -> int:
    content = content_of(options)
    content |= {name: "true" for flag, name, _ in REPOSITORY_SWITCHES if getattr(options, attribute(flag))}
    content |= {name: value for name in ("name", "project") if (value := getattr(options, name))}
    if options.depth:
        content["depth"] = str(options.depth)
    if options.type == "helm" and not options.name:
        raise CommandError("Must specify --name for repos of type 'helm'", Exit.CALL_FAILED)
    if chosen_server(options):
        from argosy.cli.repository import at_server

        return at_server.add(options, content)
    name = secret_name("repo", options.url, options.project)
    wanted = secret_of(name, options.namespace, KIND, content)

    async def work(client: Client, clock: Clock) -> int:
        secrets = await listed(client, options.namespace, KIND)
        trust = await _trust(client, options.namespace)
        book = CredentialBook([wanted, *await listed(client, options.namespace, "repo-creds")], trust)
        found = book.find(options.url, options.project)
        if found is None:
            raise CommandError(f"URL {options.url!r}: not the address of a repository", Exit.CALL_FAILED)
        if problem := (await _reached([found], book, options))[0]:
            raise CommandError(f"error testing repository connectivity: {problem}", Exit.CALL_FAILED)
        present = _same(secrets, options.url, options.project)
        await put(client, wanted, present, "repository", upsert=options.upsert)
        print(f"Repository '{options.url}' added")
        return Exit.OK

    return with_client(options, work)


def _same(secrets: Sequence[JsonObject], url: str, project: str) -> JsonObject | None:
    for secret in secrets:
        found = CredentialBook([secret]).find(url, project)
        if found is not None and found.project == project:
            return secret
    return None


async def _trust(client: Client, namespace: str) -> list[JsonObject]:
    names = (TLS_CONFIG_MAP, KNOWN_HOSTS_CONFIG_MAP)
    page = await client.page(requests.List(resource=CONFIG_MAPS, namespace=namespace))
    return [item for item in page.items if item["metadata"]["name"] in names]


async def _reached(repositories: Sequence[Repository], book: CredentialBook, options: argparse.Namespace) -> list[str]:
    """The error of each; empty if it is reachable."""
    own_machine = bool(Place(options.data_dir).running())
    with TemporaryDirectory(prefix="argosy-repo-") as directory:
        outside = Outside(cache_directory=Path(directory), own_machine=own_machine, namespace=options.namespace)
        doors = Doors(outside, RealClock(), book.credentials, lambda url, project: True)
        try:
            return list(await asyncio.gather(*(_problem(doors, one, book) for one in repositories)))
        finally:
            await doors.close()


async def _problem(doors: Doors, repository: Repository, book: CredentialBook) -> str:
    credentials: Credentials = book.credentials(repository.url, repository.project)
    try:
        async with asyncio.timeout(PATIENCE):
            if repository.kind == "git":
                await doors.git.refs(repository.url, credentials)
            else:
                await doors.charts.check(repository.url, credentials)
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"
    except SourceError as error:
        return str(error)
    return ""


# -- looking -----------------------------------------------------------------------------------------------------------


def list_all(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        _show(await _connections(client, clock, options), options.output)
        return Exit.OK

    return with_client(options, work)


def show(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        wanted = normalise_url(options.url)
        found = [
            one
            for one in await _connections(client, clock, options)
            if normalise_url(one.repository.url) == wanted and one.repository.project == options.project
        ]
        if not found:
            raise CommandError(f"repository '{options.url}' not found", Exit.CALL_FAILED)
        if options.output in ("json", "yaml"):
            write_value(sys.stdout, found[0].as_json, options.output)
        else:
            _show(found, options.output)
        return Exit.OK

    return with_client(options, work)


@dataclass(frozen=True, slots=True)
class Told:
    repository: Repository
    problem: str
    at: str

    @property
    def as_json(self) -> JsonObject:
        """Without secrets."""
        given = self.repository.credentials
        status = "Failed" if self.problem else "Successful"
        state = {"status": status, "message": self.problem, "attemptedAt": self.at}
        fields: JsonObject = {"repo": self.repository.url, "connectionState": state, "type": self.repository.kind}
        named = {"name": self.repository.name, "project": self.repository.project, "username": given.username}
        fields |= {name: value for name, value in named.items() if value}
        return fields | {name: True for name, on in self.switches.items() if on}

    @property
    def switches(self) -> dict[str, bool]:
        given = self.repository.credentials
        return {"insecure": given.insecure, "enableOCI": given.enable_oci, "enableLfs": given.enable_lfs}

    @property
    def row(self) -> list[str]:
        one = self.repository
        words = [str(on).lower() for on in (*self.switches.values(), one.has_credentials)]
        status = "Failed" if self.problem else "Successful"
        return [one.kind, one.name, one.url, *words, status, self.problem, one.project]


async def _connections(client: Client, clock: Clock, options: argparse.Namespace) -> list[Told]:
    secrets = [secret for kind in (KIND, "repo-creds") for secret in await listed(client, options.namespace, kind)]
    book = CredentialBook(secrets, await _trust(client, options.namespace))
    order = {"helm": 0, "git": 1, "oci": 2}
    found = sorted(book.repositories, key=lambda one: (one.project != "", order.get(one.kind, 3), one.url))
    if chosen_server(options):
        from argosy.cli.repository import at_server

        known = await at_server.problems(options, clock)
        problems = [known.get((one.url, one.project), "") for one in found]
    else:
        problems = await _reached(found, book, options)
    at = seconds(clock.now())
    return [Told(one, problem, at) for one, problem in zip(found, problems, strict=True)]


def _show(found: Sequence[Told], output: str) -> None:
    if output in ("url", "name"):
        sys.stdout.writelines(f"{one.repository.url}\n" for one in found)
    elif output == "wide":
        sys.stdout.write(table(HEADER, [one.row for one in found]))
    else:
        write_value(sys.stdout, [one.as_json for one in found], output)


def remove(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        secrets = await listed(client, options.namespace, KIND)
        for url in options.urls:
            found = _same(secrets, url, options.project)
            if found is None:
                raise CommandError(f"repository '{url}' not found", Exit.CALL_FAILED)
            await client.write(
                requests.remove(
                    SECRETS, Key(options.namespace, found["metadata"]["name"]), uid=found["metadata"]["uid"]
                )
            )
            print(f"Repository '{url}' removed")
        return Exit.OK

    return with_client(options, work)
