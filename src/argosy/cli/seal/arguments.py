"""Flags and help of `argosy seal` and `argosy keys`; nothing of the room is imported to show them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

Commands = Any
Parser = argparse.ArgumentParser
SCOPES: Final = ("strict", "namespace-wide", "cluster-wide")


def add_seal(commands: Commands) -> None:
    parser: Parser = commands.add_parser(
        "seal", help="Seal Secrets, and keep SealedSecrets in files", description="Secrets that are safe to commit."
    )
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=type(parser))
    for add in (_create, _cert, _set, _remove, _edit, _open, _reencrypt, _verify):
        add(actions)


def add_keys(commands: Commands) -> None:
    parser: Parser = commands.add_parser(
        "keys", help="List, make, back up and restore sealing keys", description="The keys that open SealedSecrets."
    )
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=type(parser))
    _cluster(_command(actions, "list", "keys.commands:list_keys", "List the keys of a cluster"))
    made = _command(actions, "new", "keys.commands:new_key", "Make a key that seals from now on, such as after a leak")
    _cluster(made)
    made.add_argument("--bits", type=int, default=4096, help="of the RSA key (default: 4096)")
    made.add_argument("--hours", type=int, default=87600, help="for which its certificate is valid (default: 87600)")
    made = _command(actions, "backup", "keys.commands:backup", "Write all keys to an encrypted file (age format)")
    _cluster(made)
    made.add_argument("-w", "--write", type=Path, required=True, metavar="FILE")
    made.add_argument("--recipient", action="append", default=[], metavar="age1...", help="instead of a passphrase")
    _passphrase(made)
    made = _command(actions, "restore", "keys.commands:restore", "Add the keys of a backup that are not there")
    _cluster(made)
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument("--identity", type=Path, metavar="FILE", help="an age identity, instead of a passphrase")
    _passphrase(made)


def _command(actions: Commands, name: str, run: str, text: str) -> Parser:
    made: Parser = actions.add_parser(name, help=text, description=f"{text}.")
    made.set_defaults(run=f"argosy.cli.{run}", program=made.prog)
    return made


def _cluster(parser: Parser) -> None:
    data = "where Argosy keeps its state (default: $ARGOSY_DATA_DIR, else .argosy in the working directory)"
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=data)
    kubeconfig = "default: that of the data directory, else $KUBECONFIG"
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help=kubeconfig)
    parser.add_argument("--context", default="", metavar="NAME", help="of the kubeconfig; default: the current one")
    parser.add_argument("--controller-namespace", default="kube-system", metavar="NAMESPACE")
    parser.add_argument("--controller-name", default="sealed-secrets-controller", metavar="SERVICE")

    server = "as signed in by 'argosy login': the controller of that server's cluster (default: $ARGOSY_SERVER)"
    parser.add_argument("--server", default="", metavar="SERVER", help=server)
    text = "for that server (default: $ARGOSY_AUTH_TOKEN, or the sign-in's)"
    parser.add_argument("--auth-token", default="", metavar="TOKEN", help=text)


def _certificate(parser: Parser) -> None:
    _cluster(parser)
    parser.add_argument("--cert", default="", metavar="FILE|URL", help="seal with it, without a cluster")


def _passphrase(parser: Parser) -> None:
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="default: $ARGOSY_KEYS_PASSPHRASE, else it is asked for"
    )


def _keys(parser: Parser, *, required: bool) -> None:
    text = "a private key in PEM, a key Secret, or a backup; may be repeated"
    parser.add_argument("--key", type=Path, action="append", default=[], required=required, metavar="FILE", help=text)
    _passphrase(parser)


def _one(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="with SealedSecrets")
    parser.add_argument("--name", default="", help="of the one that is meant, where the file has several")


def _create(actions: Commands) -> None:
    parser = _command(actions, "create", "seal.create:run", "Seal Secrets from a file or standard input")
    _certificate(parser)
    parser.add_argument("-f", "--file", type=Path, metavar="FILE", help="with Secrets (default: standard input)")
    parser.add_argument("-n", "--namespace", default="", help="of the Secret, where it names none")
    parser.add_argument("--name", default="", help="of the Secret, where it names none")
    parser.add_argument("--scope", choices=SCOPES, default=None, help="default: what its annotations say")
    parser.add_argument("--allow-empty-data", action="store_true", help="seal a Secret without values")
    parser.add_argument("--merge-into", type=Path, metavar="FILE", help="put the items into this SealedSecret")
    parser.add_argument("--raw", action="store_true", help="seal one value and print the item alone")
    parser.add_argument("--from-file", action="append", default=[], metavar="FILE", help="the value for --raw")
    parser.add_argument("-w", "--write", type=Path, metavar="FILE", help="instead of standard output")
    parser.add_argument("-o", "--output", choices=("yaml", "json"), default=None)


def _cert(actions: Commands) -> None:
    _certificate(_command(actions, "cert", "seal.cert:run", "Print the certificate that seals"))


def _set(actions: Commands) -> None:
    parser = _command(actions, "set", "seal.values:set_values", "Seal single values into a file")
    _certificate(parser)
    _one(parser)
    text = "KEY=@FILE, KEY=- for standard input, or KEY, which asks"
    parser.add_argument("values", nargs="+", metavar="KEY[=SOURCE]", help=text)


def _remove(actions: Commands) -> None:
    parser = _command(actions, "remove", "seal.values:remove", "Remove single values from a file")
    _one(parser)
    parser.add_argument("keys", nargs="+", metavar="KEY")


def _edit(actions: Commands) -> None:
    parser = _command(actions, "edit", "seal.edit:run", "Edit the values of a SealedSecret, with keys at hand")
    _one(parser)
    _keys(parser, required=True)


def _open(actions: Commands) -> None:
    parser = _command(actions, "open", "seal.opening:run", "Write the Secret to a file, with keys at hand")
    _one(parser)
    _keys(parser, required=True)
    parser.add_argument("-w", "--write", type=Path, required=True, metavar="FILE", help="that its owner alone can read")


def _reencrypt(actions: Commands) -> None:
    text = "Seal with the newest key what older ones sealed, in files and directories"
    parser = _command(actions, "reencrypt", "seal.reencrypt:run", text)
    _cluster(parser)
    _keys(parser, required=False)
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH")
    parser.add_argument("--dry-run", action="store_true", help="say which files would change")
    parser.add_argument("--exit-code", action="store_true", help="with --dry-run: 1 when a file would change")


def _verify(actions: Commands) -> None:
    text = "Check that SealedSecrets in files and directories can be unsealed; exit code 1 if any cannot"
    parser = _command(actions, "verify", "seal.verify:run", text)
    _cluster(parser)
    _keys(parser, required=False)
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH")
    parser.add_argument("--offline", action="store_true", help="look at their form alone")
