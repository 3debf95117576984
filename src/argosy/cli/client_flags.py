"""The flags that every command of `argocd` has for its connection; scripts give them before or behind the command.

They are left out of each command's help; docs/cli.md lists them with what they do here.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from argosy.cli.failing import CommandError

SIGN_INS_VARIABLE: Final = "ARGOSY_SIGN_INS"
"""Names another file of sign-ins; `--config` sets it for one run."""
EFFECTIVE: Final[dict[tuple[str, ...], dict[str, Any]]] = {
    ("--server",): {"dest": "server"},
    ("--auth-token",): {"dest": "auth_token"},
    ("--argocd-context",): {"dest": "argocd_context"},
    ("--config",): {"dest": "config"},
    ("--core",): {"action": "store_true", "dest": "core"},
    ("--port-forward",): {"action": "store_true", "dest": "core"},
    ("--port-forward-namespace", "--namespace", "-n"): {"dest": "namespace"},
    ("--kubeconfig",): {"dest": "kubeconfig", "type": Path},
    ("--plaintext",): {"action": "store_true", "dest": "plaintext"},
    ("--insecure",): {"action": "store_true", "dest": "insecure"},
    ("--server-crt",): {"dest": "server_crt"},
    ("--client-crt",): {"dest": "client_crt"},
    ("--client-crt-key",): {"dest": "client_crt_key"},
    ("--grpc-web-root-path",): {"dest": "root_path"},
    ("--kube-context", "--context"): {"dest": "context"},
    ("--cluster",): {"dest": "kube_cluster"},
    ("--user",): {"dest": "kube_user"},
    ("--token",): {"dest": "kube_token"},
    ("--username",): {"dest": "kube_username"},
    ("--password",): {"dest": "kube_password"},
    ("--proxy-url",): {"dest": "kube_proxy"},
    ("--insecure-skip-tls-verify",): {"action": "store_true", "dest": "kube_insecure"},
    ("--prompts-enabled",): {"nargs": "?", "const": "true", "choices": ("true", "false"), "dest": "prompts_enabled"},
}
"""`argparse`'s keywords by the names of a flag."""
WITHOUT_EFFECT: Final[dict[str, bool]] = {
    "--grpc-web": False,
    "--http-retry-max": True,
    "--request-timeout": True,
    "--loglevel": True,
    "--logformat": True,
    "--controller-name": True,
    "--repo-server-name": True,
    "--server-name": True,
    "--redis-name": True,
    "--redis-haproxy-name": True,
    "--redis-compress": True,
}
"""Accepted, so that scripts keep working; the value: whether the flag takes one."""
REFUSED: Final[dict[str, str]] = {
    "--header": "requests take no further headers: let the proxy in front of the server accept the token alone",
    "-H": "requests take no further headers: let the proxy in front of the server accept the token alone",
}
"""Flags whose silence would change what the server sees, and why they are refused."""


class _Refuse(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, namespace: object, values: object, option: Any = None) -> None:
        parser.error(f"{option}: {REFUSED[str(option)]}")


def add_client_flags(parser: argparse.ArgumentParser, known: Collection[str]) -> None:
    """Adds those that the command does not define itself; `known`: the flags that it has."""
    for names, keywords in _declared():
        left = [name for name in names if name not in known]
        if left:
            parser.add_argument(*left, **{"default": argparse.SUPPRESS, **keywords}, help=argparse.SUPPRESS)


def _declared() -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    yield from EFFECTIVE.items()
    for name, takes_value in WITHOUT_EFFECT.items():
        yield (name,), {"dest": "without_effect", **({} if takes_value else {"action": "store_true"})}
    for name in REFUSED:
        yield (name,), {"dest": "refused", "action": _Refuse}


_TAKES_VALUE: Final = {
    name: "action" not in keywords and "nargs" not in keywords for names, keywords in _declared() for name in names
}


def behind_the_command(words: list[str]) -> list[str]:
    """Moves such flags from before a command's name to directly behind it; Go's programs take them anywhere. Pure."""
    flags, left = list[str](), iter(words)
    for word in left:
        takes_value = _TAKES_VALUE.get(word.partition("=")[0])
        if takes_value is None:
            return [*flags, word, *left] if word.startswith("-") else [word, *flags, *left]
        flags.append(word)
        if takes_value and "=" not in word:
            flags.extend(value for value in (next(left, None),) if value is not None)
    return flags


def given(options: argparse.Namespace, name: str) -> str:
    """A flag's value; "" if it was not given."""
    return str(getattr(options, name, "") or "")


def check_pair(options: argparse.Namespace) -> None:
    """Raises CommandError for half a client certificate."""
    if bool(given(options, "client_crt")) != bool(given(options, "client_crt_key")):
        raise CommandError("--client-crt and --client-crt-key need each other: give both or none")
