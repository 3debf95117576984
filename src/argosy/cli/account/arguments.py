"""Flags and help of `argosy account`; nothing of the rooms is imported to show them."""

from __future__ import annotations

from argosy.cli.parsing import OUTPUTS, Commands, command, connection, group


def add_account(commands: Commands) -> None:
    actions = group(commands, "account", "Look at and change local accounts", "Accounts")
    parser = command(actions, "list", "argosy.cli.account.accounts:list_all", "List accounts")
    connection(parser)
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    parser = command(actions, "get", "argosy.cli.account.accounts:show", "Show one account")
    connection(parser)
    parser.add_argument("-a", "--account", default="", metavar="NAME", help="default: one's own, or admin")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    parser = command(actions, "get-user-info", "argosy.cli.account.accounts:who", "Show who you are to the API server")
    connection(parser)
    parser.add_argument("-o", "--output", choices=("text", "json", "yaml"), default="text")
    parser = command(actions, "generate-token", "argosy.cli.account.tokens:generate", "Make a token of an account")
    connection(parser)
    parser.add_argument("-a", "--account", required=True, metavar="NAME", help="that has the capability apiKey")
    parser.add_argument("-e", "--expires-in", default="0s", metavar="DURATION", help="such as 12h; 0s: never")
    parser.add_argument("--id", default="", help="of the token; default: a new one")
    parser = command(actions, "delete-token", "argosy.cli.account.tokens:delete", "Take back a token of an account")
    parser.add_argument("id", metavar="ID")
    connection(parser)
    parser.add_argument("-a", "--account", required=True, metavar="NAME")
    text = "Print the token of a sign-in, for scripts"
    parser = command(actions, "session-token", "argosy.cli.account.session:run", text)
    connection(parser)
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    parser = command(actions, "bcrypt", "argosy.cli.account.hashing:run", "Print the bcrypt hash of a password")
    parser.add_argument("--password", default="", metavar="PASSWORD", help="default: asked for, or read from a pipe")
    parser = command(actions, "can-i", "argosy.cli.account.at_server:can_i", "Ask a server whether you may")
    for name in ("action", "resource", "object"):
        parser.add_argument(name, metavar=name.upper())
    connection(parser)
    text = "Change a password at a server"
    parser = command(actions, "update-password", "argosy.cli.account.at_server:update_password", text)
    connection(parser)
    parser.add_argument("-a", "--account", default="", metavar="NAME", help="default: one's own")
    parser.add_argument("--current-password", default="", metavar="PASSWORD", help="one's own; default: asked for")
    parser.add_argument("--new-password", default="", metavar="PASSWORD", help="default: asked for")
