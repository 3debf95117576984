"""Flags of `argosy notifications`; nothing is imported to show them. Source: spec/notifications.md D8."""

from __future__ import annotations

import argparse
from typing import Any

_MODULE = "argosy.cli.notifications"
OUTPUTS = ("wide", "name", "json", "yaml")


def add(commands: Any, connection: Any) -> None:
    """`connection` adds the flags that name a cluster."""
    parser = commands.add_parser(
        "notifications", help="Try notifications out, see who gets them", description="Notifications."
    )
    groups = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=type(parser))
    _templates(_group(groups, "template", "Templates of messages"), connection)
    _triggers(_group(groups, "trigger", "Triggers and their conditions"), connection)
    subscriptions = _group(groups, "subscriptions", "Who is notified")
    made = _command(subscriptions, "list", "subscriptions:run", "List who is notified of an Application", connection)
    _application(made)
    made = _command(groups, "history", "history:run", "Show which notifications were sent", connection)
    _application(made)


def _templates(actions: Any, connection: Any) -> None:
    made = _command(actions, "get", "template:get", "Show templates", connection)
    made.add_argument("name", metavar="NAME", nargs="?", default="", help="only this one")
    made.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    made = _command(actions, "notify", "template:notify", "Render a template and send it", connection)
    made.add_argument("name", metavar="NAME", help="the template")
    _application(made)
    made.add_argument(
        "--recipient",
        action="append",
        metavar="SERVICE:RECIPIENT",
        default=[],
        help="where to; may be repeated (default: console:stdout)",
    )
    made.add_argument("--allow-loopback", action="store_true", help="receivers on this machine may be reached")


def _triggers(actions: Any, connection: Any) -> None:
    made = _command(actions, "get", "trigger:get", "Show triggers", connection)
    made.add_argument("name", metavar="NAME", nargs="?", default="", help="only this one")
    made.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    made = _command(actions, "run", "trigger:run", "Evaluate a trigger for an Application", connection)
    made.add_argument("name", metavar="NAME", help="the trigger")
    _application(made)


def _group(groups: Any, name: str, text: str) -> Any:
    parser = groups.add_parser(name, help=text, description=f"{text}.")
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=type(parser))


def _command(actions: Any, name: str, run: str, text: str, connection: Any) -> Any:
    made = actions.add_parser(name, help=text, description=f"{text}.")
    made.set_defaults(run=f"{_MODULE}.{run}", program=made.prog)
    connection(made)
    made.add_argument("--config-map", metavar="FILE", help="a file in place of the ConfigMap in the cluster")
    made.add_argument("--secret", metavar="FILE", help="a file in place of the Secret, or :empty")
    return made


def _application(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("app", metavar="APP", help="its name, NAMESPACE/NAME, or a YAML file that holds it")
