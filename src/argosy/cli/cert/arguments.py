"""Flags and help of the verbs of `argosy cert` on certificates; nothing of the room is imported to show them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from argosy.cli.parsing import Commands, Parser, command, connection
from argosy.cli.repository.arguments import add_trusted


def add_cert(commands: Commands) -> None:
    actions = add_trusted(commands)

    def verb(name: str, run: str, text: str, actions: Commands = actions, **more: Any) -> Parser:
        made = command(actions, name, f"argosy.cli.cert.{run}", text, **more)
        connection(made, as_kubectl=True)
        return made

    _looking(verb)
    _changing(verb)
    _creating(verb, actions)


def _looking(command: Callable[..., Parser]) -> None:
    text = "Show what a Certificate waits for and until when, and its whole history"
    made = command("status", "looking:status", text)
    made.add_argument("name", nargs="?", metavar="NAME", help="without a name: one line per Certificate")
    made.add_argument("-A", "--all-namespaces", action="store_true", help="with no NAME: of all namespaces")
    made.add_argument("-o", "--output", choices=("text", "line", "json"), default="text")
    made = command("inspect", "looking:inspect", "Show the certificate in a Secret, never its key")
    made.add_argument("secret", metavar="SECRET")


def _changing(command: Callable[..., Parser]) -> None:
    made = command("renew", "changing:renew", "Issue Certificates again now, back-off or not")
    made.add_argument("names", nargs="*", metavar="NAME")
    made.add_argument("-l", "--selector", default="", help="those with these labels, as kubectl takes them")
    made.add_argument("--all", action="store_true", help="all of the namespace")
    made.add_argument("-A", "--all-namespaces", action="store_true", help="with --all or a selector: everywhere")
    for verb, text in (("approve", "Approve a CertificateRequest"), ("deny", "Deny a CertificateRequest")):
        made = command(verb, f"changing:{verb}", text)
        made.add_argument("name", metavar="NAME")
        made.add_argument("--reason", default="KubectlCertManager", help="one word (default: KubectlCertManager)")
        made.add_argument("--message", default="", help="for people")


def _creating(command: Callable[..., Parser], actions: Commands) -> None:
    text = "Create a CertificateRequest with a key that stays on this machine"
    group: Parser = actions.add_parser("create", help=text, description=f"{text}.")
    kinds = group.add_subparsers(title="kinds", metavar="KIND", required=True, parser_class=type(group))
    for kind, short, run, text in (
        ("certificaterequest", "cr", "certificate_request", "Make a CertificateRequest from a Certificate's file"),
        (
            "certificatesigningrequest",
            "csr",
            "signing_request",
            "Make a CertificateSigningRequest from a Certificate's file",
        ),
    ):
        made = command(kind, f"creating:{run}", text, kinds, aliases=[short])
        made.add_argument("name", metavar="NAME")
        made.add_argument(
            "--from-certificate-file", type=Path, required=True, metavar="FILE", help="- for standard input"
        )
        made.add_argument("--output-key-file", type=Path, metavar="FILE", help="default: NAME.key")
        made.add_argument("--fetch-certificate", action="store_true", help="wait for the certificate and write it")
        made.add_argument("--output-certificate-file", type=Path, metavar="FILE", help="default: NAME.crt")
        made.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS", help="of the wait (default: 300)")
