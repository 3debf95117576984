"""Flags and help of `argosy appset`; nothing of the rooms is imported to show them."""

from __future__ import annotations

from argosy.cli.parsing import OUTPUTS, Commands, Parser, command, connection, files, waiting


def add_appset(commands: Commands) -> None:
    parser: Parser = commands.add_parser(
        "appset", help="Look at and act on ApplicationSets", description="ApplicationSets."
    )
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for add in (_list, _get, _create, _delete, _generate, _preview):
        add(actions)


def _application_set(actions: Commands, name: str, text: str) -> Parser:
    run = "preview:generate" if name == "generate" else f"{name}:run"
    parser = command(actions, name, f"argosy.cli.appset.{run}", text)
    connection(parser, also=("--appset-namespace",))
    return parser


def _list(actions: Commands) -> None:
    parser = _application_set(actions, "list", "List ApplicationSets")
    parser.add_argument("-p", "--project", action="append", default=[], help="only of this project; may be repeated")
    parser.add_argument("-l", "--selector", default="", help="only with these labels, as kubectl takes them")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _get(actions: Commands) -> None:
    parser = _application_set(actions, "get", "Show one ApplicationSet and its Applications")
    parser.add_argument("name", metavar="APPSET", help="its name, or NAMESPACE/NAME")
    parser.add_argument("--show-params", action="store_true", help="the parameters of its template's source, too")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _create(actions: Commands) -> None:
    parser = _application_set(actions, "create", "Create ApplicationSets from files")
    files(parser)
    parser.add_argument("--upsert", action="store_true", help="replace an ApplicationSet of the same name")
    parser.add_argument("--dry-run", action="store_true", help="ask the server, change nothing")
    parser.add_argument("--wait", action="store_true", help="wait until its Applications are as it wants them")
    waiting(parser)
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="name")


def _delete(actions: Commands) -> None:
    parser = _application_set(actions, "delete", "Delete ApplicationSets, and their Applications unless they survive")
    parser.add_argument("names", nargs="+", metavar="APPSET", help="its name, or NAMESPACE/NAME")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--wait", action="store_true", help="wait until they are deleted")
    waiting(parser)


def _generate(actions: Commands) -> None:
    parser = _application_set(actions, "generate", "Print the Applications that ApplicationSets make")
    parser.set_defaults(offline=False)
    files(parser)
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _preview(actions: Commands) -> None:
    text = "Show which Applications would be created, changed and deleted; exit code 1 when any"
    parser = _application_set(actions, "preview", text)
    files(parser)
    parser.add_argument("--offline", action="store_true", help="with no cluster: everything counts as created")
    parser.add_argument(
        "--local", action="append", default=[], metavar="URL=DIR", help="use this work tree instead of the repository"
    )
    parser.add_argument("--no-exit-code", action="store_true", help="exit code 0 even if anything would change")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
