"""Flags and help of `argosy rollout`; nothing of the rooms is imported to show them."""

from __future__ import annotations

from pathlib import Path

from argosy.cli.arguments import add_completion, add_version
from argosy.cli.notifications.arguments import add_rollout_notifications
from argosy.cli.parsing import Commands, Parser, command, connection, group, port, waiting


def add_rollout(commands: Commands) -> None:
    text = "Look at and act on Rollouts and Experiments, with the verbs of kubectl argo rollouts"
    verbs: Parser = commands.add_parser("rollout", help=text, description="Rollouts.")
    actions = verbs.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for add in (_looking, _changing, _more, _page_and_program, add_rollout_notifications):
        add(actions)


def _verb(actions: Commands, name: str, function: str, text: str) -> Parser:
    parser = command(actions, name, f"argosy.cli.rollout.{function}", text)
    connection(parser, as_kubectl=True)
    return parser


def _verb_of_several(actions: Commands, name: str, function: str, text: str) -> Parser:
    parser = _verb(actions, name, f"changing:{function}", text)
    parser.add_argument("names", nargs="+", metavar="NAME")
    return parser


def _looking(actions: Commands) -> None:
    parser = _verb(actions, "get", "looking:show", "Show a Rollout or an Experiment and all it made")
    parser.add_argument("kind", nargs="?", type=_kind, choices=("rollout", "experiment"), default="rollout")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("-w", "--watch", action="store_true", help="again whenever it changes")
    parser.add_argument("-o", "--output", choices=("tree", "json"), default="tree")
    parser.add_argument("--timeout-seconds", type=int, default=0, metavar="N", help="end --watch after so long")
    parser.add_argument("--no-color", action="store_true", help="no effect: the tree has no colours")
    parser = _verb(actions, "list", "looking:list_all", "List Rollouts or Experiments")
    parser.add_argument("kind", nargs="?", type=_kind, choices=("rollout", "experiment"), default="rollout")
    parser.add_argument("-A", "--all-namespaces", action="store_true")
    parser.add_argument("-w", "--watch", action="store_true", help="again whenever it changes")
    parser.add_argument("--name", default="", help="only the one with this name")
    parser.add_argument("--timestamps", action="store_true", help="begin each line with the time it was printed")
    parser = _verb(actions, "status", "looking:status", "Follow a Rollout until it is Healthy or Degraded")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("-w", "--watch", action="store_true", default=True, help="until it is done (default: true)")
    parser.add_argument("--no-watch", dest="watch", action="store_false", help="print it once, as --watch=false")
    waiting(parser)


def _kind(word: str) -> str:
    """The long name of what kubectl's short and plural names mean."""
    return _KINDS.get(word, word)


_KINDS = {
    **dict.fromkeys(("ro", "rollouts"), "rollout"),
    **dict.fromkeys(("exp", "experiments"), "experiment"),
    **dict.fromkeys(("ar", "analysisruns"), "analysisrun"),
}


def _changing(actions: Commands) -> None:
    _verb_of_several(actions, "abort", "abort", "Go back to the stable version; the spec stays")
    _verb_of_several(actions, "pause", "pause", "Stop at the present step until promoted")
    parser = _verb_of_several(actions, "promote", "promote_now", "End a pause, skip a step, or go all the way")
    parser.add_argument("-c", "--skip-current-step", action="store_true")
    parser.add_argument("-a", "--skip-all-steps", action="store_true")
    parser.add_argument("--full", action="store_true", help="past every step, pause and analysis")
    parser = _verb_of_several(actions, "restart", "restart", "Replace all Pods, a few at a time")
    parser.add_argument("-i", "--in", dest="after", default="", metavar="DURATION", help="such as 10s or 2h")
    parser = _verb_of_several(actions, "undo", "undo_last", "Go back to the Pod template of an earlier revision")
    parser.add_argument("--to-revision", type=int, default=0, metavar="NUMBER", help="default: the one before")


def _more(actions: Commands) -> None:
    kinds = {"retry": ("rollout", "experiment"), "terminate": ("analysisrun", "experiment")}
    texts = {"retry": "Begin an aborted update or an Experiment again", "terminate": "End a run before its time"}
    for name, choices in kinds.items():
        parser = _verb(actions, name, f"changing:{name}", texts[name])
        parser.add_argument("kind", type=_kind, choices=choices)
        parser.add_argument("names", nargs="+", metavar="NAME")
    parser = _verb(actions, "create", "creating:run", "Create what files hold, or an AnalysisRun of a template")
    parser.add_argument("kind", nargs="?", type=_kind, choices=("analysisrun",))
    text = "with a Rollout, Experiment, AnalysisTemplate, ClusterAnalysisTemplate or AnalysisRun; - for standard input"
    parser.add_argument("-f", "--filename", dest="files", action="append", default=[], metavar="FILE", help=text)
    parser.add_argument("-w", "--watch", action="store_true", help="show the Rollout or Experiment after its creation")
    parser.add_argument("--no-color", action="store_true", help="no effect: the tree has no colours")
    parser.add_argument("--from", dest="template", metavar="NAME", help="of an AnalysisTemplate")
    parser.add_argument("--from-file", dest="template_file", type=Path, metavar="FILE", help="that holds the template")
    parser.add_argument("--global", dest="wide", action="store_true", help="--from names a ClusterAnalysisTemplate")
    parser.add_argument("--name", default="", help="of the run (default: the template's, and a suffix)")
    parser.add_argument("--generate-name", default="", metavar="PREFIX")
    parser.add_argument("-a", "--argument", dest="arguments", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--instance-id", default="", metavar="ID", help="of the controller that is to measure")
    text = "Set images of a Rollout's containers"
    for place, name in ((actions, "set-image"), (group(actions, "set", "Change a Rollout", "WHAT"), "image")):
        parser = _verb(place, name, "changing:set_image", text)
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("images", nargs="+", metavar="CONTAINER=IMAGE", help="* for every container")
    text = "Validate Rollouts in files, with the Services and routes beside them; exit code 1 on errors"
    parser = command(actions, "lint", "argosy.cli.rollout.linting:lint", text)
    parser.add_argument("files", nargs="*", metavar="FILE", help="YAML or JSON; - for standard input")
    parser.add_argument("-f", "--filename", dest="named", action="append", default=[], metavar="FILE", help="the same")


def _page_and_program(actions: Commands) -> None:
    parser = _verb(actions, "dashboard", "dashboard:run", "Show the address of the page of Rollouts, or serve it")
    parser.add_argument("-p", "--port", type=port, default=3100, metavar="PORT", help="for a cluster without a server")
    parser.add_argument("--root-path", default="", metavar="PATH", help="below which it is served, such as rollouts")
    add_version(actions)
    add_completion(actions)
