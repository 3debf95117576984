"""The table of commands and where their flags and help are declared; nothing else is imported to show them.

Each command names its function as `module:function`; `main` imports it when it runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from argosy.cli.parsing import Parser

DECLARED: Final = {
    "up": "arguments:add_up",
    "down": "arguments:add_down",
    "demo": "arguments:add_demo",
    "apiserver": "arguments:add_apiserver",
    "controller": "arguments:add_controller",
    "crds": "arguments:add_crds",
    "app": "app.arguments:add_app",
    "appset": "appset.arguments:add_appset",
    "proj": "project.arguments:add_proj",
    "repo": "repository.arguments:add_repo",
    "repocreds": "repository.arguments:add_repocreds",
    "cert": "cert.arguments:add_cert",
    "gpg": "repository.arguments:add_gpg",
    "account": "account.arguments:add_account",
    "login": "login.arguments:add_login",
    "relogin": "login.arguments:add_relogin",
    "logout": "login.arguments:add_logout",
    "context": "login.arguments:add_context",
    "configure": "login.arguments:add_configure",
    "admin": "admin.arguments:add_admin",
    "audit": "admin.arguments:add_audit",
    "server": "admin.arguments:add_server",
    "cluster": "cluster.arguments:add_cluster",
    "render": "arguments:add_render",
    "resource": "arguments:add_resource",
    "seal": "seal.arguments:add_seal",
    "keys": "seal.arguments:add_keys",
    "rollout": "rollout.arguments:add_rollout",
    "promote": "delivery.arguments:add_promote",
    "trace": "delivery.arguments:add_trace",
    "wait-for": "delivery.arguments:add_wait_for",
    "image": "delivery.arguments:add_image",
    "rehearse": "rehearse.arguments:add_rehearse",
    "notifications": "notifications.arguments:add_notifications",
    "doctor": "arguments:add_doctor",
    "completion": "arguments:add_completion",
    "version": "arguments:add_version",
}
"""In the order of the help: the modules below `argosy.cli` that add the commands."""


def make_parser(command: str = "") -> Parser:
    """`command`: the command that will run, if known; the flags of the others are then omitted."""
    parser = Parser(prog="argosy", description="One GitOps control plane, on its own Kubernetes API or on yours.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for place in [DECLARED[command]] if command in DECLARED else DECLARED.values():
        module, function = place.split(":")
        getattr(import_module(f"argosy.cli.{module}"), function)(commands)
    return parser
