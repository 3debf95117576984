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
    parser.add_argument("-a", "--account", default="admin", metavar="NAME", help="default: admin")
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
