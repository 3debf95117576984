"""Flags and help of `argosy cluster`; nothing of the rooms is imported to show them."""

from __future__ import annotations

from pathlib import Path

from argosy.cli.parsing import OUTPUTS, Commands, Parser, command, connection, data_dir, group

OUTPUTS_OF_CLUSTERS = (*OUTPUTS, "server")


def add_cluster(commands: Commands) -> None:
    text = "Look at and change the clusters that Applications go to; check, back up and restore the embedded one"
    actions = group(commands, "cluster", text, "Clusters")
    parser = command(actions, "list", "argosy.cli.cluster.listing:run", "List clusters and their connection")
    connection(parser)
    parser.add_argument("-o", "--output", choices=OUTPUTS_OF_CLUSTERS, default="wide")
    parser = command(actions, "get", "argosy.cli.cluster.listing:show", "Show one cluster")
    parser.add_argument("cluster", metavar="SERVER|NAME")
    connection(parser)
    parser.add_argument("-o", "--output", choices=OUTPUTS_OF_CLUSTERS, default="yaml")
    _add(actions)
    _set(actions)
    text = "Replace Argosy's token for a cluster, and revoke the old one"
    parser = command(actions, "rotate-auth", "argosy.cli.cluster.rotating:run", text)
    parser.add_argument("cluster", metavar="SERVER|NAME")
    connection(parser)
    parser = command(actions, "rm", "argosy.cli.cluster.changing:remove", "Remove clusters; objects there stay")
    parser.add_argument("clusters", nargs="+", metavar="SERVER|NAME")
    connection(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    _embedded(actions)


def _add(actions: Commands) -> None:
    text = "Add the cluster of a kubeconfig's context, with an account made there"
    parser = command(actions, "add", "argosy.cli.cluster.adding:run", text)
    parser.add_argument("target", metavar="CONTEXT", help="of the kubeconfig")
    connection(parser, namespace=False)
    parser.add_argument("--name", default="", help="default: the context's")
    parser.add_argument("--in-cluster", action="store_true", help="its address inside: kubernetes.default.svc")
    parser.add_argument(
        "--cluster-endpoint", default="", metavar="URL", help="the cluster's address, if it is not the kubeconfig's"
    )
    parser.add_argument("--system-namespace", default="kube-system", metavar="NAMESPACE", help="of the account")
    parser.add_argument(
        "--service-account", default="", metavar="NAME", help="an existing ServiceAccount, instead of a new one"
    )
    parser.add_argument("--cluster-resources", action="store_true", help="with --namespace: cluster-scoped ones, too")
    _managed(parser)
    parser.add_argument("--project", default="", help="the only project that may use it")
    parser.add_argument("--shard", type=int, default=None, metavar="NUMBER", help="which replica looks after it")
    _reached(parser)
    parser.add_argument("--upsert", action="store_true", help="replace an existing cluster with this address")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _reached(parser: Parser) -> None:
    """Flags for connecting with other credentials than the account's token."""
    for flag, metavar, text in (
        ("--aws-cluster-name", "NAME", "signed in to by AWS: the EKS cluster"),
        ("--aws-role-arn", "ARN", "AWS: IAM role"),
        ("--aws-profile", "NAME", "AWS: profile"),
        ("--exec-command", "PROGRAM", "that prints credentials"),
        ("--exec-command-api-version", "VERSION", "API version of the program's input"),
        ("--exec-command-install-hint", "TEXT", "message if the program is missing"),
        ("--proxy-url", "URL", "proxy on the way to the cluster, from here and from the control plane"),
    ):
        parser.add_argument(flag, default="", metavar=metavar, help=text)
    parser.add_argument("--server-proxy-url", default=None, metavar="URL", help="of the control plane; empty: none")
    for flag, metavar, text in (
        ("--exec-command-args", "WORD", "of the program"),
        ("--exec-command-env", "NAME=VALUE", "of the program"),
    ):
        parser.add_argument(flag, action="append", default=[], metavar=metavar, help=f"{text}; may be repeated")
    parser.add_argument("--disable-compression", action="store_true", help="answers come as they are")


def _managed(parser: Parser) -> None:
    text = "manage only this namespace; may be repeated"
    name = "managed_namespace"
    parser.add_argument("--namespace", dest=name, action="append", default=[], metavar="NAMESPACE", help=text)
    parser.add_argument("--label", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--annotation", action="append", default=[], metavar="NAME=VALUE")


def _set(actions: Commands) -> None:
    parser = command(actions, "set", "argosy.cli.cluster.changing:set_flags", "Change fields of a cluster")
    parser.add_argument("cluster", metavar="SERVER|NAME")
    connection(parser, namespace=False)
    parser.add_argument("--name", default="")
    _managed(parser)


def _embedded(actions: Commands) -> None:
    data_dir(command(actions, "check", "argosy.cli.data_directory:run_check", "Check a data directory"))
    text = "Back up a data directory into one verified file, while its cluster runs"
    parser = command(actions, "backup", "argosy.cli.data_directory:run_backup", text)
    parser.add_argument("file", type=Path, metavar="FILE", help="where to; it holds Secrets and keys")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing FILE")
    data_dir(parser)
    text = "Replace a data directory by a backup; the existing files are moved aside"
    parser = command(actions, "restore", "argosy.cli.data_directory:run_restore", text)
    parser.add_argument("file", type=Path, metavar="FILE", help="made by 'argosy cluster backup'")
    parser.add_argument("--revision", type=int, metavar="NUMBER", help="an older state that the backup holds")
    data_dir(parser)
