"""Flags of `argosy notifications`; nothing is imported to show them. Source: spec/notifications.md D8."""

from __future__ import annotations

from argosy.cli.parsing import Commands, Parser, command, connection, group

OUTPUTS = ("wide", "name", "json", "yaml")


def add_notifications(commands: Commands) -> None:
    groups = group(commands, "notifications", "Try notifications out, see who gets them", "Notifications")
    _templates(group(groups, "template", "Templates of messages", "Templates of messages"))
    _triggers(group(groups, "trigger", "Triggers and their conditions", "Triggers and their conditions"))
    subscriptions = group(groups, "subscriptions", "Who is notified", "Who is notified")
    made = _command(subscriptions, "list", "subscriptions:run", "List who is notified of an Application")
    _application(made)
    made = _command(groups, "history", "history:run", "Show which notifications were sent")
    _application(made)


def _templates(actions: Commands) -> None:
    made = _command(actions, "get", "template:get", "Show templates")
    made.add_argument("name", metavar="NAME", nargs="?", default="", help="only this one")
    made.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    made = _command(actions, "notify", "template:notify", "Render a template and send it")
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


def _triggers(actions: Commands) -> None:
    made = _command(actions, "get", "trigger:get", "Show triggers")
    made.add_argument("name", metavar="NAME", nargs="?", default="", help="only this one")
    made.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    made = _command(actions, "run", "trigger:run", "Evaluate a trigger for an Application")
    made.add_argument("name", metavar="NAME", help="the trigger")
    _application(made)


def _command(actions: Commands, name: str, run: str, text: str) -> Parser:
    made = command(actions, name, f"argosy.cli.notifications.{run}", text)
    connection(made)
    made.add_argument("--config-map", metavar="FILE", help="a file in place of the ConfigMap in the cluster")
    made.add_argument("--secret", metavar="FILE", help="a file in place of the Secret, or :empty")
    return made


def _application(parser: Parser) -> None:
    parser.add_argument("app", metavar="APP", help="its name, NAMESPACE/NAME, or a YAML file that holds it")
