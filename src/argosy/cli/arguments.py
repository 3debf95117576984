"""Flags and help of the commands that run a process, or need no cluster."""

from __future__ import annotations

import argparse
from pathlib import Path

from argosy.cli.parsing import Commands, Parser, command, data_dir, port


def add_up(commands: Commands) -> None:
    text = "Start the API server and the controllers in one process"
    _with_server(command(commands, "up", "argosy.cli.up:run", text))


def add_demo(commands: Commands) -> None:
    text = "Start Argosy with a small Git repository and show its applications converge"
    _with_server(command(commands, "demo", "argosy.cli.demo:run", text))


def _with_server(parser: Parser) -> None:
    _running(parser)
    parser.add_argument(
        "--server-port",
        type=port,
        metavar="PORT",
        help="port of Argo CD's API on 127.0.0.1 (default: that of the last run, else 8080 or a free one)",
    )
    parser.add_argument("--server-insecure", action="store_true", help="serve Argo CD's API without TLS")


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


def add_down(commands: Commands) -> None:
    data_dir(
        command(commands, "down", "argosy.cli.up:stop", "Stop a process started by 'argosy up', 'demo' or 'apiserver'")
    )


def add_apiserver(commands: Commands) -> None:
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


def add_controller(commands: Commands) -> None:
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
        help="serve /metrics, /healthz and /readyz over plain HTTP, such as :8082 (default: none)",
    )
    parser.add_argument(
        "--webhook-address",
        metavar="HOST:PORT",
        help="serve admission webhooks over HTTPS, such as :9443 (default: none, and no admission by Argosy)",
    )
    parser.add_argument(
        "--sealing-address",
        metavar="HOST:PORT",
        help="serve the endpoints of Sealed Secrets for its Service, such as :8080 (default: none)",
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
        help="allow local repositories: file URLs and loopback addresses (for development)",
    )
    _logging(parser)


def _logging(parser: Parser) -> None:
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="warning")
    parser.add_argument("--log-format", choices=("console", "json"), default="console")


def add_crds(commands: Commands) -> None:
    parser = command(commands, "crds", "argosy.cli.offline.crds:run", "Print the CustomResourceDefinitions")
    parser.add_argument("-o", "--output", choices=("yaml", "json", "name"), default="yaml")


def add_doctor(commands: Commands) -> None:
    text = "Check sandboxing, limits, the data directory, TLS and versions on this machine"
    parser = command(commands, "doctor", "argosy.cli.offline.doctor:run", text)
    data_dir(parser)
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


def add_version(commands: Commands) -> None:
    parser = command(commands, "version", "argosy.cli.offline.version:run", "Print the version")
    parser.takes_client_flags = True
    parser.add_argument("--client", action="store_true", help="this program's alone, even if a server is named")
    parser.add_argument("--short", action="store_true", help="the version numbers alone")
    outputs = ("text", "wide", "json", "yaml", "short")
    parser.add_argument("-o", "--output", choices=outputs, default="text", help="short: as --short")


def add_completion(commands: Commands) -> None:
    text = "Print a script that completes commands and flags in a shell"
    parser = command(commands, "completion", "argosy.cli.offline.completion:run", text)
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="source <(argosy completion bash)")


def add_render(commands: Commands) -> None:
    parser = command(
        commands, "render", "argosy.cli.offline.render:run", "Show the manifests of a directory; no cluster"
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="a directory with YAML, a kustomization or a chart")
    parser.add_argument("--root", type=Path, metavar="DIR", help="the repository (default: the Git work tree of PATH)")
    parser.add_argument("--app-name", default="", metavar="NAME", help="default: the directory's name")
    parser.add_argument("--namespace", default="default", help="of the destination")
    parser.add_argument("--release-name", default="", metavar="NAME", help="Helm: default: the application's name")
    parser.add_argument("--values", action="append", default=[], metavar="FILE", help="Helm: relative to PATH")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="Helm: one value")
    parser.add_argument("--image", action="append", default=[], metavar="NAME[=NEW]:TAG", help="Kustomize")
    parser.add_argument("--enable-exec", action="store_true", help="Kustomize: run the programs named as functions")
    parser.add_argument("--enable-helm", action="store_true", help="Kustomize: render its helmCharts")
    text = "Kustomize: more options, as kustomize.buildOptions of argocd-cm holds them"
    parser.add_argument("--build-options", default="", metavar="TEXT", help=text)
    parser.add_argument("--recurse", action="store_true", help="plain YAML: directories inside, too")
    parser.add_argument("--source", type=Path, metavar="FILE", help="spec.source of an Application, as YAML")
    parser.add_argument("--kube-version", default="1.36.1", metavar="VERSION")
    parser.add_argument("-o", "--output", choices=("yaml", "json", "name"), default="yaml")


def add_resource(commands: Commands) -> None:
    parser: Parser = commands.add_parser("resource", help="Judge an object; no cluster", description="Objects.")
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for name, text, outputs in (
        ("health", "Say how well an object is", ("text", "json")),
        ("actions", "List the actions available for an object", ("text", "json")),
        ("run-action", "Show the objects that an action would write", ("yaml", "json")),
    ):
        made = command(actions, name, f"argosy.cli.offline.resource:{name.replace('-', '_')}", text)
        if name == "run-action":
            made.add_argument("name", metavar="NAME", help="of the action")
            made.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="for the action")
        made.add_argument("-f", "--filename", required=True, metavar="FILE", help="YAML or JSON; - for standard input")
        made.add_argument("--settings", metavar="FILE", help="argocd-cm whose checks and actions count")
        made.add_argument("-o", "--output", choices=outputs, default=outputs[0])
