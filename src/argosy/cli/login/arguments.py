"""Flags and help of `argosy login|logout|context`; nothing of the rooms is imported to show them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from argosy.cli.parsing import Commands, Parser, command, port


def add_login(commands: Commands) -> None:
    parser = command(commands, "login", "argosy.cli.login.signing_in:run", "Sign in to a server of Argosy or Argo CD")
    parser.add_argument("server", metavar="SERVER", help="HOST[:PORT] or a URL, with its path if it has one")
    parser.add_argument("--name", default="", metavar="NAME", help="of the sign-in (default: the server's)")
    parser.add_argument("--username", default="", metavar="NAME", help="default: prompt")
    parser.add_argument("--sso", action="store_true", help="by the provider that the server names, in a browser")
    _ways(parser)
    parser.add_argument("--skip-test-tls", action="store_true", help="accepted: --plaintext alone decides about TLS")
    _trust(parser)


def add_relogin(commands: Commands) -> None:
    text = "Sign in again, the same way as before, when a token has expired"
    parser = command(commands, "relogin", "argosy.cli.login.signing_in:again", text)
    parser.takes_client_flags = True
    _ways(parser)


def _ways(parser: Parser) -> None:
    parser.add_argument("--password", default="", metavar="PASSWORD", help="default: prompt, which is safer")
    parser.add_argument("--sso-port", type=port, default=8085, metavar="PORT", help="where the browser comes back")
    text = "where the browser comes back if it cannot reach this machine as localhost: SCHEME://HOST:PORT"
    parser.add_argument("--callback", default="", metavar="URL", help=text)
    parser.add_argument("--no-browser", action="store_true", help="print the address of the sign-in instead")
    text = "false: as --no-browser"
    parser.add_argument("--sso-launch-browser", choices=("true", "false"), nargs="?", const="true", help=text)


def add_configure(commands: Commands) -> None:
    parser = command(commands, "configure", "argosy.cli.login.prompting:configure", "Change what is kept for this user")
    parser.takes_client_flags = True
    text = "whether to ask before commands that delete credentials, tokens, projects and the like (default: false)"
    keywords: dict[str, Any] = {"nargs": "?", "const": "true", "default": "false", "choices": ("true", "false")}
    parser.add_argument("--prompts-enabled", help=text, **keywords)


def add_logout(commands: Commands) -> None:
    parser = command(commands, "logout", "argosy.cli.login.signing_in:leave", "Take back a sign-in, and forget it")
    parser.takes_client_flags = True
    parser.add_argument("name", nargs="?", default="", metavar="SERVER", help="default: the current one")


def add_context(commands: Commands) -> None:
    parser = command(
        commands, "context", "argosy.cli.login.signing_in:choose", "List the sign-ins, or choose one", aliases=["ctx"]
    )
    parser.takes_client_flags = True
    parser.add_argument("name", nargs="?", default="", metavar="SERVER", help="the new current sign-in")
    parser.add_argument("--delete", action="store_true", help="forget it instead")


def _trust(parser: Parser) -> None:
    parser.takes_client_flags = True
    parser.add_argument("--plaintext", action="store_true", help="without TLS")
    parser.add_argument("--insecure", action="store_true", help="do not verify the server's certificate")
    parser.add_argument(
        "--certificate-authority",
        "--server-crt",
        type=Path,
        metavar="FILE",
        help="PEM file with the CA of the certificate",
    )
