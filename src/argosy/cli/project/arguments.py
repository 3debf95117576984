"""Flags and help of `argosy proj`; nothing of the rooms is imported to show them."""

from __future__ import annotations

from argosy.cli.parsing import OUTPUTS, Commands, Parser, command, connection, group

LISTS = {
    "destination": ("SERVER", "NAMESPACE"),
    "source": ("URL",),
    "source-namespace": ("NAMESPACE",),
    "signature-key": ("KEY-ID",),
    "orphaned-ignore": ("GROUP", "KIND"),
    "destination-service-account": ("SERVER", "NAMESPACE", "SERVICE-ACCOUNT"),
}
"""What `add-` and `remove-` take beside the project."""
KINDS = ("cluster-resource", "namespace-resource")


def add_proj(commands: Commands) -> None:
    actions = group(commands, "proj", "Look at and change projects", "Projects")
    for add in (_reading, _changing, _lists, _resources, _roles, _windows, _integrity):
        add(actions)


def _project(actions: Commands, name: str, run: str, text: str, *more: str) -> Parser:
    parser = command(actions, name, f"argosy.cli.project.{run}", text)
    parser.add_argument("project", metavar="PROJECT")
    for word in more:
        name = word.lower().replace("-", "_")
        parser.add_argument("namespace_" if name == "namespace" else name, metavar=word)
    connection(parser)
    return parser


def _reading(actions: Commands) -> None:
    parser = command(actions, "list", "argosy.cli.project.reading:list_all", "List projects")
    connection(parser)
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    parser = _project(actions, "get", "reading:show", "Show one project")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")


def _spec(parser: Parser) -> None:
    many = (
        ("-d", "--dest", "SERVER,NAMESPACE[,NAME]", "allowed destination"),
        ("-s", "--src", "URL", "a permitted repository"),
        ("", "--source-namespaces", "NAMESPACE", "allowed namespace of Applications"),
        ("", "--signature-keys", "KEY-ID", "required signing key"),
        ("", "--allow-cluster-resource", "GROUP/KIND", "a permitted cluster-scoped kind"),
        ("", "--deny-cluster-resource", "GROUP/KIND", "a forbidden cluster-scoped kind"),
        ("", "--allow-namespaced-resource", "GROUP/KIND", "a permitted namespaced kind"),
        ("", "--deny-namespaced-resource", "GROUP/KIND", "a forbidden namespaced kind"),
        ("", "--dest-service-accounts", "SERVER,NAMESPACE,ACCOUNT", "ServiceAccount for syncs"),
    )
    for short, flag, metavar, text in many:
        names = [name for name in (short, flag) if name]
        parser.add_argument(*names, action="append", metavar=metavar, help=f"{text}; may be repeated")
    parser.add_argument("--description", metavar="TEXT")
    parser.add_argument("--orphaned-resources", action="store_const", const=True, help="monitor orphaned resources")
    parser.add_argument("--orphaned-resources-warn", action="store_const", const=True, help="and warn of it")


def _changing(actions: Commands) -> None:
    parser = command(actions, "create", "argosy.cli.project.changing:create", "Create a project")
    parser.add_argument("project", nargs="?", default="", metavar="PROJECT")
    connection(parser)
    parser.add_argument("-f", "--file", default="", metavar="FILE", help="a project as YAML or JSON; - reads it")
    _spec(parser)
    parser.add_argument("--upsert", action="store_true", help="replace a project of the same name")
    _spec(_project(actions, "set", "changing:set_flags", "Change fields of the project"))
    _project(actions, "edit", "changing:edit", "Edit the spec with $KUBE_EDITOR or $EDITOR")
    _project(actions, "delete", "changing:delete", "Delete a project")


def _lists(actions: Commands) -> None:
    for name, words in LISTS.items():
        for verb, text in (("add", "Add a"), ("remove", "Take away a")):
            parser = _project(actions, f"{verb}-{name}", f"lists:{verb}", f"{text} {name.replace('-', ' ')}", *words)
            parser.set_defaults(list_name=name)
            if name == "destination":
                parser.add_argument("--name", dest="by_name", action="store_true", help="SERVER is a cluster's name")
            if name == "orphaned-ignore":
                parser.add_argument("--name", dest="object_name", default="", metavar="NAME", help="only this name")
            if name == "destination-service-account":
                text_of = "where the account is; default: the application's"
                parser.add_argument("--service-account-namespace", default="", metavar="NAMESPACE", help=text_of)


def _resources(actions: Commands) -> None:
    for kind in KINDS:
        for verb, text in (("allow", "Permit"), ("deny", "Forbid")):
            run = f"lists:{verb}"
            parser = _project(actions, f"{verb}-{kind}", run, f"{text} a kind of {kind}s", "GROUP", "KIND")
            parser.set_defaults(list_name=kind)
            parser.add_argument("-l", "--list", choices=("allow", "deny"), default="", help="which list to change")
            parser.add_argument("--name", dest="object_name", default="", metavar="NAME", help="only this name")


def _roles(commands: Commands) -> None:
    actions = group(commands, "role", "Look at and change the roles of a project", "Roles")
    for name in ("list", "get", "create", "delete"):
        more = () if name == "list" else ("ROLE",)
        parser = _project(actions, name, f"roles:{name}_role", f"{name.capitalize()} roles of a project", *more)
        if name == "list":
            parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
        if name == "create":
            parser.add_argument("--description", default="", metavar="TEXT")
    for name, text in (("add-policy", "Add a policy to a role"), ("remove-policy", "Take a policy from a role")):
        parser = _project(actions, name, f"roles:{name.replace('-', '_')}", text, "ROLE")
        parser.add_argument("-a", "--action", required=True, help="such as get, sync or *")
        parser.add_argument("-p", "--permission", choices=("allow", "deny"), default="allow")
        parser.add_argument("-o", "--object", required=True, help="such as * or an application's name")
        parser.add_argument("-r", "--resource", default="applications", help="default: applications")
    for name, text in (("add-group", "Give a role to a group"), ("remove-group", "Take a role from a group")):
        _project(actions, name, f"roles:{name.replace('-', '_')}", text, "ROLE", "GROUP")
    parser = _project(actions, "create-token", "tokens:create", "Make a token of a role", "ROLE")
    parser.add_argument("-e", "--expires-in", default="0s", metavar="DURATION", help="such as 12h; 0s: never")
    parser.add_argument("-i", "--id", default="", help="of the token; default: a new one")
    parser.add_argument("-t", "--token-only", action="store_true", help="print the token and nothing else")
    _project(actions, "delete-token", "tokens:delete", "Take back a token of a role", "ROLE", "ISSUED-AT")
    parser = _project(actions, "list-tokens", "tokens:list_all", "List the tokens of a role", "ROLE")
    parser.add_argument("-u", "--unixtime", action="store_true", help="times as seconds since 1970")


def _windows(commands: Commands) -> None:
    actions = group(commands, "windows", "Look at and change the sync windows of a project", "Sync windows")
    parser = _project(actions, "list", "windows:list_all", "List windows")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    parser = _project(actions, "add", "windows:add", "Add a window")
    parser.add_argument("-k", "--kind", default="", help="allow or deny")
    _window(parser)
    parser.add_argument("--manual-sync", action="store_true", help="allow manual syncs")
    parser.add_argument("--sync-overrun", action="store_true", help="allow running syncs to finish")
    _window(_project(actions, "update", "windows:update", "Change a window", "ID"))
    _project(actions, "delete", "windows:delete", "Take a window away", "ID")
    for name, text in (
        ("enable-manual-sync", "Let a sync by hand through"),
        ("disable-manual-sync", "Do not let a sync by hand through"),
        ("enable-sync-overrun", "Let a sync end after the window"),
        ("disable-sync-overrun", "Do not let a sync end after the window"),
    ):
        _project(actions, name, f"windows:{name.replace('-', '_')}", text, "ID")


def _integrity(commands: Commands) -> None:
    actions = group(commands, "source-integrity", "Manage the required signatures of sources", "Kinds of source")
    actions = group(actions, "git", "Of Git repositories", "Required signatures")
    actions = group(actions, "policies", "Look at and change policies", "Policies")
    _project(actions, "list", "source_integrity:list_all", "List policies")
    parser = _project(actions, "add", "source_integrity:add", "Add a policy")
    _signed(parser, "")
    parser = _project(actions, "update", "source_integrity:update", "Change a policy", "POLICY-ID")
    for verb in ("", "add-", "delete-"):
        _signed(parser, verb)
    parser.add_argument("-y", "--yes", action="store_true", help="accepted: there is no prompt")
    parser = command(actions, "delete", "argosy.cli.project.source_integrity:delete", "Take policies away")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("policy_ids", nargs="+", metavar="POLICY-ID", help="as 'list' numbers them")
    connection(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _signed(parser: Parser, verb: str) -> None:
    many = (("repo-url", "GLOB", "a repository"), ("gpg-key", "KEY-ID", "required signing key"))
    for name, metavar, text in many:
        said = f"{text}; may be repeated, or separated by commas"
        parser.add_argument(f"--{verb}{name}", action="append", default=[], metavar=metavar, help=said)
    if not verb:
        parser.add_argument("--gpg-mode", default="", metavar="MODE", help="strict, head or none")


def _window(parser: Parser) -> None:
    for flag, text in (("--schedule", "when it begins, as cron"), ("--duration", "duration, such as 1h")):
        parser.add_argument(flag, default="", metavar=flag[2:].upper(), help=text)
    parser.add_argument("--time-zone", default="", metavar="ZONE", help="of the schedule (default: UTC)")
    parser.add_argument("--description", default="", metavar="TEXT")
    parser.add_argument("--use-and-operator", action="store_true", help="all lists must fit, and not any")
    for flag in ("--applications", "--namespaces", "--clusters"):
        parser.add_argument(
            flag, action="append", default=[], metavar="GLOB", help="may be repeated, or separated by commas"
        )
