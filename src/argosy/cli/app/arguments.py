"""Flags and help of `argosy app`; nothing of the rooms is imported to show them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from argosy.cli.app.spec.arguments import add_position, add_spec
from argosy.cli.parsing import OUTPUTS, Commands, Parser, command, connection, group, seconds, waiting

TREES: Final = ("tree", "tree=detailed")


def add_app(commands: Commands) -> None:
    actions = group(commands, "app", "Look at and act on Applications", "Applications")
    adders = [_list, _get, _create, _sync, _diff, _history, _rollback, _wait, _delete, _set, _unset, _edit, _patch]
    adders += [_add_source, _remove_source, _terminate, _confirm, _manifests]
    adders += [_resources, _get_resource, _patch_resource, _delete_resource, _actions, _logs]
    for add in adders:
        add(actions)


def application(
    actions: Commands, name: str, run: str, text: str, *, many: bool = False, objects: bool = False
) -> Parser:
    """`objects`: the command concerns the Application's objects, and `--namespace` is their namespace."""
    parser = command(actions, name, f"argosy.cli.app.{run}", text)
    if many:
        parser.add_argument("names", nargs="*", metavar="APP", help="its name, or NAMESPACE/NAME")
        parser.add_argument("-l", "--selector", default="", help="those with these labels, as kubectl takes them")
        parser.add_argument(
            "--project", action="append", default=[], metavar="NAME", help="Applications of this project"
        )
    else:
        parser.add_argument("name", metavar="APP", help="its name, or NAMESPACE/NAME")
    connection(parser, namespace=not objects)
    return parser


def _list(actions: Commands) -> None:
    parser = command(actions, "list", "argosy.cli.app.list:run", "List Applications")
    connection(parser)
    parser.add_argument("-p", "--project", action="append", default=[], help="only of this project; may be repeated")
    parser.add_argument("-l", "--selector", default="", help="only with these labels, as kubectl takes them")
    parser.add_argument("-r", "--repo", default="", metavar="URL", help="only from this repository")
    parser.add_argument("-c", "--cluster", default="", help="only to this cluster: its URL or name")
    parser.add_argument("-P", "--path", default="", help="only from this path")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _get(actions: Commands) -> None:
    parser = application(actions, "get", "get:run", "Show one Application")
    parser.add_argument("--refresh", action="store_true", help="compare with the newest commit first")
    parser.add_argument("--hard-refresh", action="store_true", help="also render again without caches")
    parser.add_argument("--show-operation", action="store_true", help="the last operation, too")
    parser.add_argument("--show-params", action="store_true", help="the parameters of its source, too")
    add_position(parser)
    parser.add_argument("-o", "--output", choices=(*OUTPUTS, *TREES), default="wide")
    waiting(parser)


def _create(actions: Commands) -> None:
    parser = command(actions, "create", "argosy.cli.app.create:run", "Create an Application")
    parser.add_argument("name", nargs="?", default="", metavar="APP", help="its name, or NAMESPACE/NAME")
    connection(parser)
    parser.add_argument("-f", "--file", default="", metavar="FILE", help="Applications as YAML or JSON; - reads them")
    parser.add_argument("--name", dest="given_name", default="", metavar="NAME", help="instead of APP")
    add_spec(parser)
    parser.add_argument("--source-name", metavar="NAME", help="of the source")
    parser.add_argument("--set-finalizer", action="store_true", help="delete its objects with it")
    parser.add_argument("-l", "--label", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--annotations", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--upsert", action="store_true", help="replace an Application of the same name")
    parser.add_argument("-o", "--output", choices=OUTPUTS, help="print the Application")


def _sync(actions: Commands) -> None:
    parser = application(actions, "sync", "sync:run", "Sync Applications and wait for the end", many=True)
    parser.add_argument("--revision", default="", help="instead of the Application's own")
    parser.add_argument(
        "--revisions", action="append", default=[], help="position of one of several sources; may be repeated"
    )
    parser.add_argument("--source-positions", type=int, action="append", default=[], metavar="NUMBER", help="from 1")
    parser.add_argument("--source-names", action="append", default=[], metavar="NAME", help="of the sources meant")
    parser.add_argument("--prune", action="store_true", help="delete what is no longer in Git")
    parser.add_argument("--dry-run", action="store_true", help="ask the server, change nothing")
    parser.add_argument("--force", action="store_true", help="delete and re-create objects whose update is refused")
    parser.add_argument("--replace", action="store_true", help="replace instead of apply")
    parser.add_argument("--server-side", action="store_true", help="use server-side apply")
    parser.add_argument("--apply-out-of-sync-only", action="store_true", help="apply only objects that are out of sync")
    parser.add_argument("--strategy", choices=("", "apply", "hook"), default="", help="with hooks (default) or without")
    parser.add_argument(
        "--resource",
        action="append",
        default=[],
        metavar="GROUP:KIND:[NAMESPACE/]NAME",
        help="only these; parts may be *; with ! in front: all others",
    )
    parser.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="only objects whose manifests have this label",
    )
    parser.add_argument("--info", action="append", default=[], metavar="NAME=VALUE", help="kept with the operation")
    parser.add_argument("--local", type=Path, metavar="DIR", help="use this directory's manifests instead of Git's")
    parser.add_argument("--local-repo-root", type=Path, metavar="DIR", help="the repository around --local")
    parser.add_argument("--retry-limit", type=int, default=0, metavar="COUNT", help="attempts after a failure")
    parser.add_argument("--retry-backoff-duration", default="", metavar="DURATION", help="before the first attempt")
    parser.add_argument("--retry-backoff-max-duration", default="", metavar="DURATION", help="the longest wait")
    parser.add_argument("--retry-backoff-factor", type=int, default=0, metavar="FACTOR", help="of each wait")
    parser.add_argument("--retry-refresh", action="store_true", help="retry with the newest revision")
    parser.add_argument(
        "--preview-changes", action="store_true", help="show the differences, then ask for confirmation"
    )
    parser.add_argument("--assumeYes", action="store_true", help="do not ask")
    _other_diff(parser)
    parser.add_argument("--async", dest="is_async", action="store_true", help="do not wait")
    parser.add_argument("-o", "--output", choices=(*OUTPUTS, *TREES), default="wide")
    waiting(parser)


def _diff(actions: Commands) -> None:
    parser = application(
        actions, "diff", "comparison.diff:run", "Show what a sync would change; exit code 1 if there are differences"
    )
    parser.add_argument("--exit-code", action="store_true", default=True, help="1 when different (default); =false: 0")
    parser.add_argument("--no-exit-code", dest="exit_code", action="store_false", help="exit code 0 in any case")
    parser.add_argument("--diff-exit-code", type=int, default=1, metavar="CODE", help="when different (default: 1)")
    parser.add_argument("--refresh", action="store_true", help="compare with the newest commit first")
    parser.add_argument("--hard-refresh", action="store_true", help="also render again without caches")
    parser.add_argument("--revision", default="", help="instead of the Application's own")
    parser.add_argument(
        "--revisions", action="append", default=[], help="position of one of several sources; may be repeated"
    )
    parser.add_argument("--source-positions", type=int, action="append", default=[], metavar="NUMBER", help="from 1")
    parser.add_argument("--source-names", action="append", default=[], metavar="NAME", help="of the sources meant")
    parser.add_argument("--local", type=Path, metavar="DIR", help="use this directory's manifests instead of Git's")
    parser.add_argument("--local-repo-root", type=Path, metavar="DIR", help="the repository around --local")
    parser.add_argument("--server-side-diff", action="store_true", help="accepted: the Application says which diff")
    parser.add_argument("--server-side-generate", action="store_true", help="accepted: --local is rendered here")
    parser.add_argument("--local-include", action="append", default=[], metavar="GLOB", help="accepted, as well")
    _other_diff(parser)
    parser.add_argument(
        "-o",
        "--output",
        choices=("text", "wide", "json", "yaml", "name"),
        default="text",
        help="text: the differences; wide: why each object differs, in one line",
    )


def _other_diff(parser: Parser) -> None:
    for flag, metavar in (
        ("--ignore-normalizer-jq-execution-timeout", "DURATION"),
        ("--server-side-diff-concurrency", "COUNT"),
        ("--server-side-diff-max-batch-kb", "SIZE"),
    ):
        parser.add_argument(flag, default="", metavar=metavar, help="accepted: limits are the control plane's")


def _history(actions: Commands) -> None:
    parser = application(actions, "history", "history:run", "Show which revisions were deployed")
    parser.add_argument("-o", "--output", choices=("wide", "id", "json", "yaml", "name"), default="wide")


def _rollback(actions: Commands) -> None:
    parser = application(actions, "rollback", "rollback:run", "Sync to an earlier entry of the history")
    parser.add_argument("id", nargs="?", metavar="ID", help="ID in the history (default: the previous one)")
    parser.add_argument("--prune", action="store_true", help="delete objects that the revision does not have")
    parser.add_argument("-o", "--output", choices=(*OUTPUTS, *TREES), default="wide")
    waiting(parser)


def _wait(actions: Commands) -> None:
    text = "Wait until Applications are synced, healthy and idle"
    parser = application(actions, "wait", "wait:run", text, many=True)
    parser.add_argument("--sync", action="store_true", help="only until synced")
    parser.add_argument("--health", action="store_true", help="only until healthy")
    parser.add_argument("--operation", action="store_true", help="only until no operation runs")
    parser.add_argument("--degraded", action="store_true", help="until degraded")
    parser.add_argument("--suspended", action="store_true", help="until suspended")
    parser.add_argument("--delete", action="store_true", help="wait until they are deleted")
    parser.add_argument("--hydrated", action="store_true", help="until the last hydration has succeeded")
    parser.add_argument(
        "--resource", action="append", default=[], metavar="GROUP:KIND:[NAMESPACE/]NAME", help="only these"
    )
    parser.add_argument("-o", "--output", choices=(*OUTPUTS, *TREES), default="wide")
    waiting(parser)


def _delete(actions: Commands) -> None:
    parser = application(actions, "delete", "delete:run", "Delete Applications", many=True)
    parser.add_argument("--cascade", action="store_true", default=True, help="delete their objects, too (default)")
    parser.add_argument("--no-cascade", dest="cascade", action="store_false", help="leave their objects")
    parser.add_argument(
        "-p", "--propagation-policy", choices=("foreground", "background"), default="foreground", help="of cascades"
    )
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--wait", action="store_true", help="wait until they are deleted")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide", help="wait for the deletion")
    waiting(parser)


# -- its spec ----------------------------------------------------------------------------------------------------------


def _set(actions: Commands) -> None:
    parser = application(actions, "set", "editing:set_flags", "Change fields of the spec")
    add_spec(parser)
    add_position(parser)


def _unset(actions: Commands) -> None:
    parser = application(actions, "unset", "editing:unset", "Reset fields of a source")
    for flag, metavar, text in (
        ("--parameter", "NAME", "Helm: a value"),
        ("--values", "FILE", "Helm: a values file"),
        ("--kustomize-image", "NAME", "Kustomize: an image"),
        ("--kustomize-replica", "NAME", "Kustomize: replicas"),
        ("--plugin-env", "NAME", "plug-in: a variable"),
    ):
        names = ("-p", flag) if flag == "--parameter" else (flag,)
        parser.add_argument(*names, action="append", default=[], metavar=metavar, help=f"{text}; may be repeated")
    for flag, text in (
        ("--values-literal", "Helm: inline values"),
        ("--ignore-missing-value-files", "Helm: missing values files are an error"),
        ("--pass-credentials", "Helm: to other hosts"),
        ("--nameprefix", "Kustomize: the prefix"),
        ("--namesuffix", "Kustomize: the suffix"),
        ("--kustomize-version", "Kustomize: the version"),
        ("--kustomize-namespace", "Kustomize: the namespace"),
        ("--ignore-missing-components", "Kustomize: missing components are an error"),
        ("--ref", "the name for other sources"),
    ):
        parser.add_argument(flag, action="store_true", help=text)
    add_position(parser)


def _edit(actions: Commands) -> None:
    application(actions, "edit", "editing:edit", "Edit the spec with $KUBE_EDITOR or $EDITOR")


def _patch(actions: Commands) -> None:
    parser = application(actions, "patch", "editing:patch", "Patch the Application")
    parser.add_argument("--patch", required=True, metavar="JSON", help="what to change")
    parser.add_argument("--type", choices=("json", "merge"), default="json", help="of the patch (default: json)")


def _add_source(actions: Commands) -> None:
    parser = application(actions, "add-source", "editing:add_source", "Add a source to an Application with several")
    add_spec(parser)
    parser.add_argument("--source-name", metavar="NAME", help="of the source")


def _remove_source(actions: Commands) -> None:
    text = "Take a source from an Application with several"
    add_position(application(actions, "remove-source", "editing:remove_source", text))


def _terminate(actions: Commands) -> None:
    application(actions, "terminate-op", "operations_of:terminate", "End the operation under way")


def _confirm(actions: Commands) -> None:
    text = "Confirm deletions and prunings that wait for it"
    application(actions, "confirm-deletion", "operations_of:confirm_deletion", text)


# -- its objects -------------------------------------------------------------------------------------------------------


def _manifests(actions: Commands) -> None:
    parser = application(actions, "manifests", "live.manifests:run", "Print the manifests of Git or of the cluster")
    parser.add_argument("--source", choices=("git", "live"), default="git", help="default: git")
    parser.add_argument("--revision", default="", help="instead of the Application's own")
    parser.add_argument(
        "--revisions", action="append", default=[], help="position of one of several sources; may be repeated"
    )
    parser.add_argument("--source-positions", type=int, action="append", default=[], metavar="NUMBER", help="from 1")
    parser.add_argument("--source-names", action="append", default=[], metavar="NAME", help="of the sources meant")
    parser.add_argument("--local", type=Path, metavar="DIR", help="use this directory's manifests instead of Git's")
    parser.add_argument("--local-repo-root", type=Path, metavar="DIR", help="the repository around --local")


def _resources(actions: Commands) -> None:
    parser = application(actions, "resources", "live.resources:list_all", "List the objects of an Application")
    parser.add_argument("--orphaned", action="store_true", help="those of its namespace that belong to nobody")
    parser.add_argument("--project", default=None, help="accepted")
    parser.add_argument("--output", choices=(*OUTPUTS, *TREES), default="wide")


def _chosen(parser: Parser, *, needs_name: bool = False) -> None:
    parser.add_argument("--group", default=None, help="of the objects")
    parser.add_argument("--kind", required=needs_name, default=None, help="of the objects")
    text = "of the objects; the Application's is --app-namespace"
    parser.add_argument("--namespace", dest="resource_namespace", default=None, metavar="NAMESPACE", help=text)
    parser.add_argument("--resource-name", default=None, metavar="NAME", help="of the object")


def _get_resource(actions: Commands) -> None:
    parser = application(
        actions, "get-resource", "live.resources:get_all", "Show live objects of an Application", objects=True
    )
    _chosen(parser, needs_name=True)
    parser.add_argument("--project", default=None, help="accepted")
    parser.add_argument("--filter-fields", default="", metavar="FIELDS", help="only these, separated by commas")
    parser.add_argument("--show-managed-fields", action="store_true", help="include owned objects")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _patch_resource(actions: Commands) -> None:
    parser = application(
        actions, "patch-resource", "live.resources:patch", "Patch a live object of an Application", objects=True
    )
    _chosen(parser, needs_name=True)
    parser.add_argument("--patch", required=True, metavar="JSON", help="what to change")
    parser.add_argument("--patch-type", default="application/merge-patch+json", metavar="TYPE", help="a content type")
    parser.add_argument("--all", action="store_true", help="every object that fits, where several do")
    parser.add_argument("--project", default=None, help="accepted")


def _delete_resource(actions: Commands) -> None:
    parser = application(
        actions, "delete-resource", "live.resources:delete", "Delete a live object of an Application", objects=True
    )
    _chosen(parser, needs_name=True)
    parser.add_argument("--force", action="store_true", help="without a grace period")
    parser.add_argument("--orphan", action="store_true", help="keep objects that it owns")
    parser.add_argument("--all", action="store_true", help="every object that fits, where several do")
    parser.add_argument("--project", default=None, help="accepted")


def _actions(actions: Commands) -> None:
    actions = group(actions, "actions", "List and run actions on the objects of an Application", "Actions")
    parser = application(actions, "list", "live.actions:list_all", "List the actions of its objects", objects=True)
    _chosen(parser)
    parser.add_argument("-o", "--output", "--out", choices=OUTPUTS, default="wide")
    parser = application(actions, "run", "live.actions:run", "Run an action on its objects", objects=True)
    parser.add_argument("action", metavar="ACTION", help="as 'list' names it; GROUP/KIND/ACTION, too")
    _chosen(parser)
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="of the action")
    parser.add_argument("--all", action="store_true", help="on every object that fits, where several do")


def _logs(actions: Commands) -> None:
    parser = application(actions, "logs", "live.logs:run", "Print the logs of its Pods", objects=True)
    _chosen(parser)
    parser.add_argument("--name", dest="pod", default="", metavar="NAME", help="of an object; default: all")
    parser.add_argument("-c", "--container", default="", help="default: all")
    parser.add_argument("-f", "--follow", action="store_true", help="go on as they write")
    parser.add_argument("-p", "--previous", action="store_true", help="of the container before")
    parser.add_argument("--tail", type=int, default=0, metavar="LINES", help="only the last of each container")
    parser.add_argument("-s", "--since-seconds", type=int, default=0, metavar="SECONDS", help="only newer ones")
    parser.add_argument("-u", "--until-time", default="", metavar="TIME", help="only older ones; RFC 3339")
    parser.add_argument("--filter", default="", metavar="TEXT", help="only lines with it; !TEXT: without it")
    parser.add_argument("-m", "--match-case", action="store_true", help="of --filter")
    parser.add_argument("--timeout", type=seconds, default=0.0, metavar="SECONDS", help="of following; 0: none")
