"""Names, flags and help of every command: the whole command line in one place, and nothing imported to show it.

Each command names the function that runs it as `module:function`; `main` imports it then.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from argosy.cli.failing import Exit
from argosy.cli.notifications import arguments as notifications_arguments
from argosy.cli.seal import arguments

OUTPUTS = ("wide", "json", "yaml", "name")
Commands = Any
"""What `add_subparsers` gives; argparse does not name its type."""


class Parser(argparse.ArgumentParser):
    """Wrong usage is one line and exit code 1, as upstream; 2 where 1 means "different"."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Whatever a command does not know is told by that command, and not by the one above it."""
        found, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return found, left

    def error(self, message: str) -> NoReturn:
        code = Exit.DIFF_USAGE if self.prog.endswith(("app diff", "appset preview")) else Exit.FAILED
        self.exit(code, f"{self.prog}: {message}\nSee '{self.prog} --help'.\n")


def make_parser(command: str = "") -> Parser:
    """`command`: the one that is asked for, when that is known; the others' flags are then left out."""
    parser = Parser(prog="argosy", description="One GitOps control plane, on its own Kubernetes API or on yours.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    every = (
        _up,
        _down,
        _demo,
        _apiserver,
        _controller,
        _crds,
        _app,
        _appset,
        _cluster,
        _render,
        _resource,
        _seal,
        _keys,
        _rollout,
        _notifications,
        _version,
    )
    for add in [add for add in every if add.__name__ == f"_{command}"] or every:
        add(commands)
    return parser


def _command(commands: Commands, name: str, run: str, text: str, **more: Any) -> Parser:
    made: Parser = commands.add_parser(name, help=text, description=f"{text}.", **more)
    made.set_defaults(run=run, program=made.prog)
    return made


def _data_dir(parser: Parser) -> None:
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where Argosy keeps its state (default: $ARGOSY_DATA_DIR, else .argosy in the working directory)",
    )


def _logging(parser: Parser) -> None:
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="warning")
    parser.add_argument("--log-format", choices=("console", "json"), default="console")


def _running(parser: Parser) -> None:
    _data_dir(parser)
    parser.add_argument(
        "--port",
        type=_port,
        metavar="PORT",
        help="where the API server listens on 127.0.0.1 (default: the port of the last run, else 6443 or a free one)",
    )
    parser.add_argument("--detach", action="store_true", help="run in the background; return when ready")
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    _logging(parser)


def _up(commands: Commands) -> None:
    text = "Start the API server and the controllers in one process"
    _with_server(_command(commands, "up", "argosy.cli.up:run", text))


def _with_server(parser: Parser) -> None:
    _running(parser)
    parser.add_argument(
        "--server-port",
        type=_port,
        metavar="PORT",
        help="where Argo CD's API is served on 127.0.0.1 (default: the port of the last run, else 8080 or a free one)",
    )
    parser.add_argument("--server-insecure", action="store_true", help="serve Argo CD's API without TLS")


def _down(commands: Commands) -> None:
    _data_dir(_command(commands, "down", "argosy.cli.up:stop", "Stop what 'argosy up', 'demo' or 'apiserver' started"))


def _demo(commands: Commands) -> None:
    text = "Start Argosy with a small Git repository and show its applications converge"
    _with_server(_command(commands, "demo", "argosy.cli.demo:run", text))


def _apiserver(commands: Commands) -> None:
    text = "Start the API server with simulated workloads alone, for controllers of others"
    parser = _command(commands, "apiserver", "argosy.cli.apiserver:run", text)
    _running(parser)
    parser.add_argument("--no-crds", action="store_true", help="install no definitions: the controllers bring them")
    parser.add_argument(
        "--prometheus-port",
        type=_port,
        metavar="PORT",
        help="serve Prometheus' API about simulated traffic on 127.0.0.1 without TLS and credentials, too",
    )


def _controller(commands: Commands) -> None:
    text = "Run the controllers against any Kubernetes API server"
    parser = _command(commands, "controller", "argosy.cli.controller:run", text)
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="default: $KUBECONFIG, else in-cluster")
    parser.add_argument("--context", default="", metavar="NAME", help="of the kubeconfig; default: the current one")
    parser.add_argument("--namespace", default="argocd", help="where Applications and settings are (default: argocd)")
    parser.add_argument("--cache-dir", type=Path, metavar="DIR", help="for Git mirrors (default: a temporary one)")
    parser.add_argument("--install", action="store_true", help="install the definitions and the namespace first")
    parser.add_argument(
        "--metrics-address",
        metavar="HOST:PORT",
        help="serve /metrics, /healthz and /readyz here, by plain HTTP, such as :8082 (default: none)",
    )
    parser.add_argument(
        "--webhook-address",
        metavar="HOST:PORT",
        help="serve admission webhooks here, by HTTPS, such as :9443 (default: none, and no admission by Argosy)",
    )
    parser.add_argument(
        "--webhook-url",
        default="",
        metavar="URL",
        help="how the API server reaches the webhooks of a process outside of the cluster (default: by Services)",
    )
    parser.add_argument(
        "--local-repositories",
        action="store_true",
        help="allow repositories of this machine: file URLs and loopback addresses (for a developer's own machine)",
    )
    _logging(parser)


def _crds(commands: Commands) -> None:
    parser = _command(commands, "crds", "argosy.cli.crds:run", "Print the CustomResourceDefinitions")
    parser.add_argument("-o", "--output", choices=("yaml", "json", "name"), default="yaml")


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")
    return int(text)


def _version(commands: Commands) -> None:
    parser = _command(commands, "version", "argosy.cli.version:run", "Print the version")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


# -- applications ------------------------------------------------------------------------------------------------------


def _app(commands: Commands) -> None:
    parser: Parser = commands.add_parser("app", help="Look at and act on Applications", description="Applications.")
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for add in (_list, _get, _create, _sync, _diff, _history, _rollback, _wait, _delete):
        add(actions)


def _application(actions: Commands, name: str, text: str, *, many: bool = False) -> Parser:
    parser = _command(actions, name, f"argosy.cli.app.{name}:run", text)
    if many:
        parser.add_argument("names", nargs="+", metavar="APP", help="its name, or NAMESPACE/NAME")
    else:
        parser.add_argument("name", metavar="APP", help="its name, or NAMESPACE/NAME")
    _connection(parser)
    return parser


def _connection(parser: Parser) -> None:
    _data_dir(parser)
    parser.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="default: that of the data directory, else $KUBECONFIG"
    )
    parser.add_argument("--context", default="", metavar="NAME", help="of the kubeconfig; default: the current one")
    parser.add_argument("--namespace", "-N", default="argocd", help="of Applications (default: argocd)")


def _waiting(parser: Parser) -> None:
    parser.add_argument("--timeout", type=_seconds, default=0.0, metavar="SECONDS", help="0 waits for ever")


def _list(actions: Commands) -> None:
    parser = _command(actions, "list", "argosy.cli.app.list:run", "List Applications")
    _connection(parser)
    parser.add_argument("-p", "--project", action="append", default=[], help="only of this project; may be repeated")
    parser.add_argument("-l", "--selector", default="", help="only with these labels, as kubectl takes them")
    parser.add_argument("-r", "--repo", default="", metavar="URL", help="only from this repository")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _get(actions: Commands) -> None:
    parser = _application(actions, "get", "Show one Application")
    parser.add_argument("--refresh", action="store_true", help="compare with the newest commit first")
    parser.add_argument("--hard-refresh", action="store_true", help="and render anew")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    _waiting(parser)


def _create(actions: Commands) -> None:
    parser = _application(actions, "create", "Create an Application")
    parser.add_argument("--repo", default="", metavar="URL", help="Git or chart repository")
    parser.add_argument("--path", default="", help="in the repository")
    parser.add_argument("--revision", default="", help="branch, tag, commit or version range")
    parser.add_argument("--helm-chart", default="", metavar="NAME", help="of a chart repository")
    parser.add_argument("--project", default="default")
    parser.add_argument("--dest-server", default="", metavar="URL")
    parser.add_argument("--dest-name", default="", metavar="CLUSTER")
    parser.add_argument("--dest-namespace", default="", metavar="NAMESPACE")
    parser.add_argument("--sync-policy", choices=("none", "manual", "auto", "automated"), default="none")
    parser.add_argument("--auto-prune", action="store_true", help="with an automated policy")
    parser.add_argument("--self-heal", action="store_true", help="with an automated policy")
    parser.add_argument("--sync-option", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--set-finalizer", action="store_true", help="delete its objects with it")
    parser.add_argument("-l", "--label", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--upsert", action="store_true", help="replace an Application of the same name")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="name")


def _sync(actions: Commands) -> None:
    parser = _application(actions, "sync", "Sync Applications and wait for the end", many=True)
    parser.add_argument("--revision", default="", help="instead of the Application's own")
    parser.add_argument("--prune", action="store_true", help="delete what is no longer in Git")
    parser.add_argument("--dry-run", action="store_true", help="ask the server, change nothing")
    parser.add_argument("--force", action="store_true", help="delete and create where an update is refused")
    parser.add_argument("--replace", action="store_true", help="replace instead of apply")
    parser.add_argument("--server-side", action="store_true", help="use server-side apply")
    parser.add_argument("--apply-out-of-sync-only", action="store_true", help="leave alone what is in sync")
    parser.add_argument(
        "--resource", action="append", default=[], metavar="GROUP:KIND:[NAMESPACE/]NAME", help="only these"
    )
    parser.add_argument("--local", type=Path, metavar="DIR", help="the manifests of this directory instead of Git's")
    parser.add_argument("--retry-limit", type=int, default=0, metavar="COUNT", help="attempts after a failure")
    parser.add_argument("--async", dest="is_async", action="store_true", help="do not wait")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    _waiting(parser)


def _diff(actions: Commands) -> None:
    parser = _application(actions, "diff", "Show what a sync would change; exit code 1 when anything")
    parser.add_argument("--no-exit-code", action="store_true", help="exit code 0 whether different or not")
    parser.add_argument(
        "-o",
        "--output",
        choices=("text", "wide", "json", "yaml", "name"),
        default="text",
        help="text: the differences; wide: why each object differs, in one line",
    )


def _history(actions: Commands) -> None:
    parser = _application(actions, "history", "Show which revisions were deployed")
    parser.add_argument("-o", "--output", choices=("wide", "id", "json", "yaml", "name"), default="wide")


def _rollback(actions: Commands) -> None:
    parser = _application(actions, "rollback", "Sync to an earlier entry of the history")
    parser.add_argument("id", nargs="?", type=int, metavar="ID", help="of the history (default: the one before)")
    parser.add_argument("--prune", action="store_true", help="delete what that revision did not have")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    _waiting(parser)


def _wait(actions: Commands) -> None:
    parser = _application(actions, "wait", "Wait until Applications are synced, healthy and idle", many=True)
    parser.add_argument("--sync", action="store_true", help="only until synced")
    parser.add_argument("--health", action="store_true", help="only until healthy")
    parser.add_argument("--operation", action="store_true", help="only until no operation runs")
    parser.add_argument("--degraded", action="store_true", help="until degraded")
    parser.add_argument("--suspended", action="store_true", help="until suspended")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    _waiting(parser)


def _delete(actions: Commands) -> None:
    parser = _application(actions, "delete", "Delete Applications", many=True)
    parser.add_argument(
        "--cascade", action=argparse.BooleanOptionalAction, default=True, help="delete their objects, too"
    )
    parser.add_argument(
        "-p", "--propagation-policy", choices=("foreground", "background"), default="foreground", help="of cascades"
    )
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--wait", action="store_true", help="until they are gone")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide", help="of what was deleted")
    _waiting(parser)


def _seconds(text: str) -> float:
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if seconds < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


# -- sealed secrets ----------------------------------------------------------------------------------------------------


def _seal(commands: Commands) -> None:
    arguments.add_seal(commands)


def _keys(commands: Commands) -> None:
    arguments.add_keys(commands)


def _notifications(commands: Commands) -> None:
    notifications_arguments.add(commands, _connection)


# -- application sets --------------------------------------------------------------------------------------------------


def _appset(commands: Commands) -> None:
    parser: Parser = commands.add_parser(
        "appset", help="Look at and act on ApplicationSets", description="ApplicationSets."
    )
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for add in (_appset_list, _appset_get, _appset_create, _appset_delete, _appset_preview):
        add(actions)


def _application_set(actions: Commands, name: str, text: str) -> Parser:
    parser = _command(actions, name, f"argosy.cli.appset.{name}:run", text)
    _connection(parser)
    return parser


def _appset_list(actions: Commands) -> None:
    parser = _application_set(actions, "list", "List ApplicationSets")
    parser.add_argument("-p", "--project", action="append", default=[], help="only of this project; may be repeated")
    parser.add_argument("-l", "--selector", default="", help="only with these labels, as kubectl takes them")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _appset_get(actions: Commands) -> None:
    parser = _application_set(actions, "get", "Show one ApplicationSet and its Applications")
    parser.add_argument("name", metavar="APPSET", help="its name, or NAMESPACE/NAME")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _appset_create(actions: Commands) -> None:
    parser = _application_set(actions, "create", "Create ApplicationSets from files")
    _files(parser)
    parser.add_argument("--upsert", action="store_true", help="replace an ApplicationSet of the same name")
    parser.add_argument("--dry-run", action="store_true", help="ask the server, change nothing")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="name")


def _appset_delete(actions: Commands) -> None:
    parser = _application_set(actions, "delete", "Delete ApplicationSets, and their Applications unless they survive")
    parser.add_argument("names", nargs="+", metavar="APPSET", help="its name, or NAMESPACE/NAME")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--wait", action="store_true", help="until they are gone")
    _waiting(parser)


def _appset_preview(actions: Commands) -> None:
    text = "Show which Applications would be created, changed and deleted; exit code 1 when any"
    parser = _application_set(actions, "preview", text)
    _files(parser)
    parser.add_argument("--offline", action="store_true", help="with no cluster: everything counts as created")
    parser.add_argument(
        "--local", action="append", default=[], metavar="URL=DIR", help="read this work tree instead of the repository"
    )
    parser.add_argument("--no-exit-code", action="store_true", help="exit code 0 whether anything would change or not")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _cluster(commands: Commands) -> None:
    text = "Look at the clusters that Applications go to; check, back up and restore the embedded one"
    group: Parser = commands.add_parser("cluster", help=text, description="Clusters.")
    actions = group.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    parser = _command(actions, "list", "argosy.cli.clusters:run", "List clusters, and whether each can be reached")
    _connection(parser)
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    _data_dir(
        _command(actions, "check", "argosy.cli.data_directory:run_check", "Say what is wrong with a data directory")
    )
    text = "Back up a data directory into one verified file, while its cluster runs"
    parser = _command(actions, "backup", "argosy.cli.data_directory:run_backup", text)
    parser.add_argument("file", type=Path, metavar="FILE", help="where to; it holds Secrets and keys")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it is there")
    _data_dir(parser)
    text = "Put a backup in place of a data directory; what was there is moved aside"
    parser = _command(actions, "restore", "argosy.cli.data_directory:run_restore", text)
    parser.add_argument("file", type=Path, metavar="FILE", help="made by 'argosy cluster backup'")
    parser.add_argument("--revision", type=int, metavar="NUMBER", help="an older state that the backup holds")
    _data_dir(parser)


def _files(parser: Parser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="YAML or JSON; - for standard input")


# -- Rollouts ----------------------------------------------------------------------------------------------------------


def _rollout(commands: Commands) -> None:
    text = "Look at and act on Rollouts and Experiments, with the verbs of kubectl argo rollouts"
    group: Parser = commands.add_parser("rollout", help=text, description="Rollouts.")
    actions = group.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for add in (_rollout_looking, _rollout_changing, _rollout_more):
        add(actions)


def _rollout_verb(actions: Commands, name: str, function: str, text: str) -> Parser:
    parser = _command(actions, name, f"argosy.cli.rollout.{function}", text)
    _connection(parser)
    parser.set_defaults(namespace="default")
    return parser


def _rollout_names(actions: Commands, name: str, function: str, text: str) -> Parser:
    parser = _rollout_verb(actions, name, f"changing:{function}", text)
    parser.add_argument("names", nargs="+", metavar="NAME")
    return parser


def _rollout_looking(actions: Commands) -> None:
    parser = _rollout_verb(actions, "get", "looking:show", "Show a Rollout or an Experiment and all it made")
    parser.add_argument("kind", nargs="?", choices=("rollout", "experiment"), default="rollout")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("-w", "--watch", action="store_true", help="again whenever it changes")
    parser.add_argument("-o", "--output", choices=("tree", "json"), default="tree")
    parser = _rollout_verb(actions, "list", "looking:list_all", "List Rollouts or Experiments")
    parser.add_argument("kind", nargs="?", choices=("rollouts", "experiments"), default="rollouts")
    parser.add_argument("-A", "--all-namespaces", action="store_true")
    parser.add_argument("-w", "--watch", action="store_true", help="again whenever it changes")
    parser = _rollout_verb(actions, "status", "looking:status", "Follow a Rollout until it is Healthy or Degraded")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--no-watch", dest="watch", action="store_false", help="tell it once")
    _waiting(parser)


def _rollout_changing(actions: Commands) -> None:
    _rollout_names(actions, "abort", "abort", "Go back to the stable version; the spec stays")
    _rollout_names(actions, "pause", "pause", "Stop at the present step until promoted")
    parser = _rollout_names(actions, "promote", "promote_now", "End a pause, skip a step, or go all the way")
    parser.add_argument("-c", "--skip-current-step", action="store_true")
    parser.add_argument("-a", "--skip-all-steps", action="store_true")
    parser.add_argument("--full", action="store_true", help="past every step, pause and analysis")
    parser = _rollout_names(actions, "restart", "restart", "Replace all Pods, a few at a time")
    parser.add_argument("-i", "--in", dest="after", default="", metavar="DURATION", help="such as 10s or 2h")
    parser = _rollout_names(actions, "undo", "undo_last", "Go back to the Pod template of an earlier revision")
    parser.add_argument("--to-revision", type=int, default=0, metavar="NUMBER", help="default: the one before")


def _rollout_more(actions: Commands) -> None:
    kinds = {"retry": ("rollout", "experiment"), "terminate": ("analysisrun", "experiment")}
    texts = {"retry": "Begin an aborted update or an Experiment again", "terminate": "End a run before its time"}
    for name, choices in kinds.items():
        parser = _rollout_verb(actions, name, f"changing:{name}", texts[name])
        parser.add_argument("kind", choices=choices)
        parser.add_argument("names", nargs="+", metavar="NAME")
    parser = _rollout_verb(actions, "create", "creating:create_run", "Make an AnalysisRun of a template")
    parser.add_argument("kind", choices=("analysisrun",))
    parser.add_argument("--from", dest="template", metavar="NAME", help="of an AnalysisTemplate")
    parser.add_argument("--from-file", dest="template_file", type=Path, metavar="FILE", help="that holds the template")
    parser.add_argument("--global", dest="wide", action="store_true", help="--from names a ClusterAnalysisTemplate")
    parser.add_argument("--name", default="", help="of the run (default: the template's, and a suffix)")
    parser.add_argument("--generate-name", default="", metavar="PREFIX")
    parser.add_argument("-a", "--argument", dest="arguments", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--instance-id", default="", metavar="ID", help="of the controller that is to measure")
    parser = _rollout_verb(actions, "set-image", "changing:set_image", "Set images of a Rollout's containers")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("images", nargs="+", metavar="CONTAINER=IMAGE", help="* for every container")
    text = "Tell what is wrong with Rollouts in files; exit code 1 when anything"
    _files(_command(actions, "lint", "argosy.cli.rollout.looking:lint", text))


# -- off-line ----------------------------------------------------------------------------------------------------------


def _render(commands: Commands) -> None:
    parser = _command(commands, "render", "argosy.cli.render:run", "Show the manifests of a directory; no cluster")
    parser.add_argument("path", type=Path, metavar="PATH", help="a directory with YAML, a kustomization or a chart")
    parser.add_argument("--root", type=Path, metavar="DIR", help="the repository (default: the Git work tree of PATH)")
    parser.add_argument("--app-name", default="", metavar="NAME", help="default: the directory's name")
    parser.add_argument("--namespace", default="default", help="of the destination")
    parser.add_argument("--release-name", default="", metavar="NAME", help="Helm: default: the application's name")
    parser.add_argument("--values", action="append", default=[], metavar="FILE", help="Helm: relative to PATH")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="Helm: one value")
    parser.add_argument("--image", action="append", default=[], metavar="NAME[=NEW]:TAG", help="Kustomize")
    parser.add_argument("--recurse", action="store_true", help="plain YAML: directories inside, too")
    parser.add_argument("--source", type=Path, metavar="FILE", help="spec.source of an Application, as YAML")
    parser.add_argument("--kube-version", default="1.36.1", metavar="VERSION")
    parser.add_argument("-o", "--output", choices=("yaml", "json", "name"), default="yaml")


def _resource(commands: Commands) -> None:
    parser: Parser = commands.add_parser("resource", help="Judge an object; no cluster", description="Objects.")
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for name, text, outputs in (
        ("health", "Say how well an object is", ("text", "json")),
        ("actions", "Say what can be done to an object", ("text", "json")),
        ("run-action", "Show what an action would write", ("yaml", "json")),
    ):
        made = _command(actions, name, f"argosy.cli.resource:{name.replace('-', '_')}", text)
        if name == "run-action":
            made.add_argument("name", metavar="NAME", help="of the action")
            made.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="for the action")
        made.add_argument("-f", "--filename", required=True, metavar="FILE", help="YAML or JSON; - for standard input")
        made.add_argument("--settings", metavar="FILE", help="argocd-cm whose checks and actions count")
        made.add_argument("-o", "--output", choices=outputs, default=outputs[0])
