"""`argosy rollout dashboard`: where the page of Rollouts is; without a server, it is served here."""

from __future__ import annotations

import argparse

from argosy.cli import server
from argosy.cli.commands import make_parser
from argosy.cli.connect import chosen_server, kubeconfigs
from argosy.cli.failing import CommandError, Exit
from argosy.cli.place import HOST, Place

PATH = "rollouts"
"""The page's own path, which is the default of upstream's `--root-path`, too."""


def run(options: argparse.Namespace) -> int:
    """Prints the address of the chosen server's page, or serves one on loopback until it is stopped.

    One needs to sign in to either: unlike upstream's, which asks nobody for credentials (security.md, rule 7).
    """
    if options.root_path.strip("/") not in ("", PATH):
        raise CommandError(f"--root-path {options.root_path!r}: the page of Rollouts is always at /{PATH}")
    if named := chosen_server(options):
        print(f"https://{named}/{PATH}")
        return Exit.OK
    address = f"{HOST}:{Place(options.data_dir).port(options.port)}"
    words = ["server", "--address", address, "--insecure", "--context", options.context]
    paths = kubeconfigs(options)
    if len(paths) == 1:  # several are those of $KUBECONFIG, which the server reads by itself
        words += ["--kubeconfig", str(paths[0])]
    print(f"The page of Rollouts is at http://{address}/{PATH} as soon as the server is ready.", flush=True)
    return server.run(make_parser("server").parse_args(words))
