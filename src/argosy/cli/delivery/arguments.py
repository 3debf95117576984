"""Flags and help of `argosy promote`, `trace`, `wait-for` and `image`."""

from __future__ import annotations

from argosy.cli.parsing import Commands, Parser, command, connection, data_dir, group, waiting


def add_promote(commands: Commands) -> None:
    text = "Promote Freight into a Stage, or show what that would do"
    parser = command(commands, "promote", "argosy.cli.delivery.promoting:run", text)
    parser.add_argument("stage", metavar="STAGE", help="its name, or PROJECT/NAME")
    parser.add_argument(
        "--freight", default="", metavar="REF", help="default: the newest that is available to the Stage"
    )
    parser.add_argument("--preview", action="store_true", help="run each step aside and show its effect; push nothing")
    parser.add_argument("--wait", action="store_true", help="wait until it is live and healthy, or failed")
    _delivery(parser)
    waiting(parser)


def add_trace(commands: Commands) -> None:
    text = "Show the way of a change: artefacts, Freight, Promotions, Applications and Rollouts"
    parser = command(commands, "trace", "argosy.cli.delivery.tracing:run", text)
    _reference(parser)
    parser.add_argument("--limit", type=int, default=5, metavar="COUNT", help="pieces of Freight shown (default: 5)")
    parser.add_argument("-o", "--output", choices=("text", "json", "yaml"), default="text")
    _delivery(parser)


def add_wait_for(commands: Commands) -> None:
    text = "Wait until a change is live and healthy in a Stage, or can no longer get there"
    parser = command(commands, "wait-for", "argosy.cli.delivery.waiting:run", text)
    _reference(parser)
    parser.add_argument("--in", dest="stage", required=True, metavar="STAGE", help="its name, or PROJECT/NAME")
    _delivery(parser)
    waiting(parser)


def add_image(commands: Commands) -> None:
    verbs = group(commands, "image", "Make small images for rehearsing deliveries", "Images")
    parser = command(verbs, "push", "argosy.cli.delivery.images:run", "Push a small image, made on the spot")
    parser.add_argument("reference", metavar="IMAGE", help="such as 127.0.0.1:5000/shop:1.1.0")
    data_dir(parser)


def _reference(parser: Parser) -> None:
    help_ = "Freight by name or alias; or a commit, a tag, a digest or image:tag in it"
    parser.add_argument("reference", metavar="REF", help=help_)


def _delivery(parser: Parser) -> None:
    connection(parser)
    parser.add_argument("--project", default="", metavar="NAME", help="default: whichever has it")
