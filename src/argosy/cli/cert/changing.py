"""`argosy cert renew`, `approve` and `deny`."""

from __future__ import annotations

import argparse

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.certs.commands.changes import NotNow, decided, renewed
from argosy.cli.cert.reading import listed, required
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def renew(options: argparse.Namespace) -> int:
    if not options.names and not options.all and not options.selector:
        raise CommandError("name the Certificates, or give --all or -l")
    if options.names and (options.all or options.selector):
        raise CommandError("names, --all and -l exclude each other")

    async def work(client: Client, clock: Clock) -> int:
        failed = False
        for certificate in await _chosen(client, options):
            place = f"{certificate.metadata.namespace}/{certificate.metadata.name}"
            try:
                await client.write(renewed(certificate, clock.now()))
            except NotNow as error:
                print(f"{place}: {error}")
                failed = True
            else:
                print(f"{place} is issued again; 'argosy cert status {certificate.metadata.name}' shows the progress")
        return Exit.FAILED if failed else Exit.OK

    return with_client(options, work)


async def _chosen(client: Client, options: argparse.Namespace) -> list[Certificate]:
    if options.names:
        return [await required(client, Certificate, name, options.namespace) for name in options.names]
    namespace = "" if options.all_namespaces else options.namespace
    return await listed(client, Certificate, namespace, options.selector)


def approve(options: argparse.Namespace) -> int:
    return _decide(options, "Approved", "approved")


def deny(options: argparse.Namespace) -> int:
    return _decide(options, "Denied", "denied")


def _decide(options: argparse.Namespace, verdict: str, did: str) -> int:
    async def work(client: Client, clock: Clock) -> int:
        request = await required(client, CertificateRequest, options.name, options.namespace)
        message = options.message or f"{did} by 'argosy cert'"
        try:
            await client.write(decided(request, verdict, options.reason, message, clock.now()))
        except NotNow as error:
            raise CommandError(str(error)) from None
        print(f"CertificateRequest {options.name} is {did}.")
        return Exit.OK

    return with_client(options, work)
