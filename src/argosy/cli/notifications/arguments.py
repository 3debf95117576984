"""Flags of `argosy notifications`; nothing is imported to show them. Source: spec/notifications.md D8."""

from __future__ import annotations

from argosy.cli.parsing import Commands, Parser, command, connection, group

OUTPUTS = ("wide", "name", "json", "yaml")
NOUNS = {"application": "an Application", "rollout": "a Rollout"}
METAVARS = {"application": "APP", "rollout": "ROLLOUT"}


def add_notifications(commands: Commands) -> None:
    groups = group(commands, "notifications", "Try notifications, and list who gets them", "Notifications")
    _both(groups, "application")
    subscriptions = group(groups, "subscriptions", "Subscriptions", "Subscriptions")
    made = _command(subscriptions, "list", "subscriptions:run", "List who is notified of an Application")
    _object(made, "application")
    made = command(groups, "catalog", "argosy.cli.notifications.catalog:run", "Print the stock triggers and templates")
    made.add_argument("-n", "--namespace", default="argocd", help="of the control plane (default: argocd)")
    made.set_defaults(about="application")
    made = _command(groups, "history", "history:run", "Show which notifications were sent")
    _object(made, "application")


def add_rollout_notifications(actions: Commands) -> None:
    """The same for Rollouts: of their ConfigMap, in the namespace of the control plane."""
    _both(group(actions, "notifications", "Try notifications of Rollouts out", "Notifications of Rollouts"), "rollout")


def _both(groups: Commands, about: str) -> None:
    _templates(group(groups, "template", "Templates of messages", "Templates of messages"), about)
    _triggers(group(groups, "trigger", "Triggers and their conditions", "Triggers and their conditions"), about)


def _templates(actions: Commands, about: str) -> None:
    made = _command(actions, "get", "template:get", "Show templates")
    made.set_defaults(about=about)
    made.add_argument("name", metavar="NAME", nargs="?", default="", help="only this one")
    made.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    made = _command(actions, "notify", "template:notify", "Render a template and send it")
    made.add_argument("name", metavar="NAME", help="the template")
    _object(made, about)
    made.add_argument(
        "--recipient",
        action="append",
        metavar="SERVICE:RECIPIENT",
        default=[],
        help="recipient; may be repeated (default: console:stdout)",
    )
    made.add_argument("--allow-loopback", action="store_true", help="allow receivers on this machine")


def _triggers(actions: Commands, about: str) -> None:
    made = _command(actions, "get", "trigger:get", "Show triggers")
    made.set_defaults(about=about)
    made.add_argument("name", metavar="NAME", nargs="?", default="", help="only this one")
    made.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    made = _command(actions, "run", "trigger:run", f"Evaluate a trigger for {NOUNS[about]}")
    made.add_argument("name", metavar="NAME", help="the trigger")
    _object(made, about)


def _command(actions: Commands, name: str, run: str, text: str) -> Parser:
    made = command(actions, name, f"argosy.cli.notifications.{run}", text)
    connection(made)
    made.add_argument("--config-map", metavar="FILE", help="a file in place of the ConfigMap in the cluster")
    made.add_argument("--secret", metavar="FILE", help="a file in place of the Secret, or :empty")
    return made


def _object(parser: Parser, about: str) -> None:
    parser.set_defaults(about=about)
    where = "in the namespace default" if about == "rollout" else "in that of the settings"
    text = f"its name ({where}), NAMESPACE/NAME, or a YAML file that holds it"
    parser.add_argument("name_of_object", metavar=METAVARS[about], help=text)
