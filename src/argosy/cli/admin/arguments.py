"""Flags and help of `argosy admin`, `audit` and `server`; nothing of the rooms is imported to show them."""

from __future__ import annotations

import argparse
from pathlib import Path

from argosy.cli.parsing import Commands, Parser, command, connection, data_dir, group


def add_admin(commands: Commands) -> None:
    actions = group(commands, "admin", "Commands for administrators", "Administration")
    text = "Print the password that was made for admin at the first start"
    connection(command(actions, "initial-password", "argosy.cli.admin.initial_password:run", text))
    checks = group(actions, "rbac", "Check rules of permission", "Rules of permission, as in argocd-rbac-cm")
    parser = command(checks, "can", "argosy.cli.admin.rbac:can", "Check whether a user or role has a right")
    parser.add_argument("subject", metavar="SUBJECT", help="a user, a group or a role")
    parser.add_argument("action", metavar="ACTION", help="such as get, sync or action/apps/Deployment/restart")
    parser.add_argument("resource", metavar="RESOURCE", help="such as applications")
    parser.add_argument("object", metavar="OBJECT", nargs="?", default="", help="such as my-project/my-app")
    _policy(parser)
    parser.add_argument("--default-role", default="", metavar="ROLE", help="in place of that of the settings")
    parser.add_argument("--no-builtin", action="store_true", help="without role:admin and role:readonly")
    parser.add_argument("--no-strict", action="store_true", help="allow unknown resources and actions")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing: the exit code is the answer")
    parser = command(checks, "validate", "argosy.cli.admin.rbac:validate", "Check the syntax of a policy")
    _policy(parser)


def _policy(parser: Parser) -> None:
    connection(parser)
    parser.add_argument(
        "--policy-file", type=Path, metavar="FILE", help="rules as CSV, or a ConfigMap (default: the cluster's)"
    )


def add_audit(commands: Commands) -> None:
    parser = command(commands, "audit", "argosy.cli.admin.audit:run", "Show who changed what through Argo CD's API")
    data_dir(parser)
    parser.add_argument("--subject", default="", metavar="NAME", help="a user, or proj:<project>:<role>")
    parser.add_argument("--method", default="", metavar="TEXT", help="part of a method's name, such as Application")
    parser.add_argument("--object", default="", metavar="NAME", help="what was changed")
    parser.add_argument("--failed", action="store_true", help="only calls that were refused or failed")
    parser.add_argument("-n", "--lines", type=int, default=50, metavar="COUNT", help="the last ones (default: 50)")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


def add_server(commands: Commands) -> None:
    text = "Serve Argo CD's API for a cluster, next to Argosy's controllers"
    parser = command(commands, "server", "argosy.cli.server:run", text)
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="default: $KUBECONFIG, else in-cluster")
    parser.add_argument("--context", default="", metavar="NAME", help="of the kubeconfig; default: the current one")
    parser.add_argument("--namespace", default="argocd", help="where Applications and settings are (default: argocd)")
    parser.add_argument("--cache-dir", type=Path, metavar="DIR", help="for Git mirrors (default: a temporary one)")
    parser.add_argument("--address", default="127.0.0.1:8080", metavar="HOST:PORT", help="default: 127.0.0.1:8080")
    parser.add_argument("--insecure", action="store_true", help="serve without TLS, as behind a proxy")
    parser.add_argument("--audit-log", type=Path, metavar="FILE", help="where to record changes, besides the log")
    _redis(parser)
    parser.add_argument("--local-repositories", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="warning")
    parser.add_argument("--log-format", choices=("console", "json"), default="console")


def _redis(parser: Parser) -> None:
    """Passwords come from the environment: other users can see arguments."""
    text = "a Redis or Valkey that replicas share revoked tokens through (default: the Kubernetes API)"
    parser.add_argument("--redis", default="", metavar="HOST:PORT", help=text)
    parser.add_argument("--sentinel", action="append", default=[], metavar="HOST:PORT", help="instead; may be repeated")
    parser.add_argument("--sentinel-master", default="", metavar="NAME", help="which master the sentinels watch")
    parser.add_argument("--redis-use-tls", action="store_true", help="needed, with $REDIS_PASSWORD, but on loopback")
    for name, what in (
        ("ca-certificate", "the CA of its certificate"),
        ("client-certificate", "ours"),
        ("client-key", "ours"),
    ):
        parser.add_argument(f"--redis-{name}", default="", metavar="FILE", help=what)
