"""Names, flags and help of every command: the whole command line in one place, and nothing imported to show it.

Each command names the function that runs it as `module:function`; `main` imports it then.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from argosy.cli.notifications import arguments as notifications_arguments
from argosy.cli.parsing import (
    OUTPUTS,
    Commands,
    Parser,
    command,
    connection,
    data_dir,
    files,
    group,
    port,
    waiting,
)
from argosy.cli.seal import arguments


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
        _proj,
        _repo,
        _repocreds,
        _cert,
        _gpg,
        _account,
        _login,
        _logout,
        _context,
        _admin,
        _audit,
        _server,
        _cluster,
        _render,
        _resource,
        _seal,
        _keys,
        _rollout,
        _promote,
        _trace,
        _wait_for,
        _image,
        _notifications,
        _doctor,
        _version,
    )
    wanted = "_" + command.replace("-", "_")
    for add in [add for add in every if add.__name__ == wanted] or every:
        add(commands)
    return parser


def _app(commands: Commands) -> None:
    from argosy.cli.app.arguments import add_app

    add_app(commands)


def _proj(commands: Commands) -> None:
    from argosy.cli.project.arguments import add_proj

    add_proj(commands)


def _repo(commands: Commands) -> None:
    from argosy.cli.repository.arguments import add_repo

    add_repo(commands)


def _repocreds(commands: Commands) -> None:
    from argosy.cli.repository.arguments import add_repocreds

    add_repocreds(commands)


def _cert(commands: Commands) -> None:
    from argosy.cli.cert.arguments import add_verbs
    from argosy.cli.repository.arguments import add_cert

    add_verbs(add_cert(commands))


def _gpg(commands: Commands) -> None:
    from argosy.cli.repository.arguments import add_gpg

    add_gpg(commands)


def _account(commands: Commands) -> None:
    from argosy.cli.account.arguments import add_account

    add_account(commands)


def _login(commands: Commands) -> None:
    from argosy.cli.login.arguments import add_login

    add_login(commands)


def _logout(commands: Commands) -> None:
    from argosy.cli.login.arguments import add_logout

    add_logout(commands)


def _context(commands: Commands) -> None:
    from argosy.cli.login.arguments import add_context

    add_context(commands)


def _admin(commands: Commands) -> None:
    from argosy.cli.admin.arguments import add_admin

    add_admin(commands)


def _audit(commands: Commands) -> None:
    from argosy.cli.admin.arguments import add_audit

    add_audit(commands)


def _server(commands: Commands) -> None:
    from argosy.cli.admin.arguments import add_server

    add_server(commands)


def _logging(parser: Parser) -> None:
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="warning")
    parser.add_argument("--log-format", choices=("console", "json"), default="console")


def _running(parser: Parser) -> None:
    data_dir(parser)
    parser.add_argument(
        "--port",
        type=port,
        metavar="PORT",
        help="where the API server listens on 127.0.0.1 (default: the port of the last run, else 6443 or a free one)",
    )
    parser.add_argument("--detach", action="store_true", help="run in the background; return when ready")
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    _logging(parser)


def _up(commands: Commands) -> None:
    text = "Start the API server and the controllers in one process"
    _with_server(command(commands, "up", "argosy.cli.up:run", text))


def _with_server(parser: Parser) -> None:
    _running(parser)
    parser.add_argument(
        "--server-port",
        type=port,
        metavar="PORT",
        help="where Argo CD's API is served on 127.0.0.1 (default: the port of the last run, else 8080 or a free one)",
    )
    parser.add_argument("--server-insecure", action="store_true", help="serve Argo CD's API without TLS")


def _down(commands: Commands) -> None:
    data_dir(command(commands, "down", "argosy.cli.up:stop", "Stop what 'argosy up', 'demo' or 'apiserver' started"))


def _demo(commands: Commands) -> None:
    text = "Start Argosy with a small Git repository and show its applications converge"
    _with_server(command(commands, "demo", "argosy.cli.demo:run", text))


def _apiserver(commands: Commands) -> None:
    text = "Start the API server with simulated workloads alone, for controllers of others"
    parser = command(commands, "apiserver", "argosy.cli.apiserver:run", text)
    _running(parser)
    parser.add_argument("--no-crds", action="store_true", help="install no definitions: the controllers bring them")
    parser.add_argument(
        "--prometheus-port",
        type=port,
        metavar="PORT",
        help="serve Prometheus' API about simulated traffic on 127.0.0.1 without TLS and credentials, too",
    )


def _controller(commands: Commands) -> None:
    text = "Run the controllers against any Kubernetes API server"
    parser = command(commands, "controller", "argosy.cli.controller:run", text)
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
        "--sealing-address",
        metavar="HOST:PORT",
        help="serve the endpoints of Sealed Secrets here, for its Service, such as :8080 (default: none)",
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
    parser = command(commands, "crds", "argosy.cli.crds:run", "Print the CustomResourceDefinitions")
    parser.add_argument("-o", "--output", choices=("yaml", "json", "name"), default="yaml")


def _doctor(commands: Commands) -> None:
    text = "Try what this machine confines, and look at limits, the data directory, TLS and versions"
    parser = command(commands, "doctor", "argosy.cli.doctor:run", text)
    data_dir(parser)
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


def _version(commands: Commands) -> None:
    parser = command(commands, "version", "argosy.cli.version:run", "Print the version")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


# -- sealed secrets ----------------------------------------------------------------------------------------------------


def _seal(commands: Commands) -> None:
    arguments.add_seal(commands)


def _keys(commands: Commands) -> None:
    arguments.add_keys(commands)


def _notifications(commands: Commands) -> None:
    notifications_arguments.add(commands, connection)


# -- application sets --------------------------------------------------------------------------------------------------


def _appset(commands: Commands) -> None:
    parser: Parser = commands.add_parser(
        "appset", help="Look at and act on ApplicationSets", description="ApplicationSets."
    )
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for add in (_appset_list, _appset_get, _appset_create, _appset_delete, _appset_preview):
        add(actions)


def _application_set(actions: Commands, name: str, text: str) -> Parser:
    parser = command(actions, name, f"argosy.cli.appset.{name}:run", text)
    connection(parser)
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
    files(parser)
    parser.add_argument("--upsert", action="store_true", help="replace an ApplicationSet of the same name")
    parser.add_argument("--dry-run", action="store_true", help="ask the server, change nothing")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="name")


def _appset_delete(actions: Commands) -> None:
    parser = _application_set(actions, "delete", "Delete ApplicationSets, and their Applications unless they survive")
    parser.add_argument("names", nargs="+", metavar="APPSET", help="its name, or NAMESPACE/NAME")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--wait", action="store_true", help="until they are gone")
    waiting(parser)


def _appset_preview(actions: Commands) -> None:
    text = "Show which Applications would be created, changed and deleted; exit code 1 when any"
    parser = _application_set(actions, "preview", text)
    files(parser)
    parser.add_argument("--offline", action="store_true", help="with no cluster: everything counts as created")
    parser.add_argument(
        "--local", action="append", default=[], metavar="URL=DIR", help="read this work tree instead of the repository"
    )
    parser.add_argument("--no-exit-code", action="store_true", help="exit code 0 whether anything would change or not")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _cluster(commands: Commands) -> None:
    from argosy.cli.cluster.arguments import add_cluster

    add_cluster(commands)


# -- deliveries --------------------------------------------------------------------------------------------------------


def _promote(commands: Commands) -> None:
    text = "Promote Freight into a Stage, or show what that would do"
    parser = command(commands, "promote", "argosy.cli.delivery.promoting:run", text)
    parser.add_argument("stage", metavar="STAGE", help="its name, or PROJECT/NAME")
    parser.add_argument("--freight", default="", metavar="REF", help="default: the newest that the Stage may have")
    parser.add_argument("--preview", action="store_true", help="run each step aside and show its effect; push nothing")
    parser.add_argument("--wait", action="store_true", help="until it is live and healthy, or failed")
    _delivery(parser)
    waiting(parser)


def _trace(commands: Commands) -> None:
    text = "Show the way of a change: artefacts, Freight, Promotions, Applications and Rollouts"
    parser = command(commands, "trace", "argosy.cli.delivery.tracing:run", text)
    _reference(parser)
    parser.add_argument("--limit", type=int, default=5, metavar="COUNT", help="pieces of Freight shown (default: 5)")
    parser.add_argument("-o", "--output", choices=("text", "json", "yaml"), default="text")
    _delivery(parser)


def _wait_for(commands: Commands) -> None:
    text = "Wait until a change is live and healthy in a Stage, or cannot come there any more"
    parser = command(commands, "wait-for", "argosy.cli.delivery.waiting:run", text)
    _reference(parser)
    parser.add_argument("--in", dest="stage", required=True, metavar="STAGE", help="its name, or PROJECT/NAME")
    _delivery(parser)
    waiting(parser)


def _image(commands: Commands) -> None:
    verbs = group(commands, "image", "Make small images for rehearsing deliveries", "Images")
    parser = command(verbs, "push", "argosy.cli.delivery.images:run", "Push a small image, made on the spot")
    parser.add_argument("reference", metavar="IMAGE", help="such as 127.0.0.1:5000/shop:1.1.0")


def _reference(parser: Parser) -> None:
    help_ = "Freight by name or alias; or a commit, a tag, a digest or image:tag in it"
    parser.add_argument("reference", metavar="REF", help=help_)


def _delivery(parser: Parser) -> None:
    connection(parser)
    parser.add_argument("--project", default="", metavar="NAME", help="default: whichever has it")


# -- Rollouts ----------------------------------------------------------------------------------------------------------


def _rollout(commands: Commands) -> None:
    text = "Look at and act on Rollouts and Experiments, with the verbs of kubectl argo rollouts"
    group: Parser = commands.add_parser("rollout", help=text, description="Rollouts.")
    actions = group.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for add in (_rollout_looking, _rollout_changing, _rollout_more):
        add(actions)


def _rollout_verb(actions: Commands, name: str, function: str, text: str) -> Parser:
    parser = command(actions, name, f"argosy.cli.rollout.{function}", text)
    connection(parser)
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
    waiting(parser)


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
    files(command(actions, "lint", "argosy.cli.rollout.looking:lint", text))


# -- off-line ----------------------------------------------------------------------------------------------------------


def _render(commands: Commands) -> None:
    parser = command(commands, "render", "argosy.cli.render:run", "Show the manifests of a directory; no cluster")
    parser.add_argument("path", type=Path, metavar="PATH", help="a directory with YAML, a kustomization or a chart")
    parser.add_argument("--root", type=Path, metavar="DIR", help="the repository (default: the Git work tree of PATH)")
    parser.add_argument("--app-name", default="", metavar="NAME", help="default: the directory's name")
    parser.add_argument("--namespace", default="default", help="of the destination")
    parser.add_argument("--release-name", default="", metavar="NAME", help="Helm: default: the application's name")
    parser.add_argument("--values", action="append", default=[], metavar="FILE", help="Helm: relative to PATH")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="Helm: one value")
    parser.add_argument("--image", action="append", default=[], metavar="NAME[=NEW]:TAG", help="Kustomize")
    parser.add_argument("--enable-exec", action="store_true", help="Kustomize: run the programs named as functions")
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
        made = command(actions, name, f"argosy.cli.resource:{name.replace('-', '_')}", text)
        if name == "run-action":
            made.add_argument("name", metavar="NAME", help="of the action")
            made.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="for the action")
        made.add_argument("-f", "--filename", required=True, metavar="FILE", help="YAML or JSON; - for standard input")
        made.add_argument("--settings", metavar="FILE", help="argocd-cm whose checks and actions count")
        made.add_argument("-o", "--output", choices=outputs, default=outputs[0])
