"""`argosy version`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from argosy import __version__
from argosy.cli.failing import Exit

KUBERNETES = "1.36.1"
"""The version that the embedded API server emulates; a test keeps it equal to the server's answer."""


def run(options: argparse.Namespace) -> int:
    versions: dict[str, Any] = {
        "argosy": __version__,
        "kubernetes": KUBERNETES,
        "client": {"Version": f"v{__version__}", "Platform": sys.platform},
    }
    if not options.client and (found := _of_server(options)):
        versions["server"] = found
    is_short = options.short or options.output == "short"
    if is_short:
        versions = {name: {"Version": versions[name]["Version"]} for name in ("client", "server") if name in versions}
    if options.output == "json":
        print(json.dumps(versions))
    elif options.output == "yaml":
        from argosy.machinery.text.yaml import dump  # late: the plain version needs none of it

        sys.stdout.write(dump(versions))
    elif is_short:
        print("\n".join(f"{_NAMES[name]}: {one['Version']}" for name, one in versions.items()))
    else:
        print(f"argosy {__version__} (embedded API server: Kubernetes {KUBERNETES})")
        if "server" in versions:
            print(f"{_NAMES['server']}: {versions['server']['Version']}")
    return Exit.OK


_NAMES = {"client": "argosy", "server": "argosy-server"}


def _of_server(options: argparse.Namespace) -> dict[str, Any] | None:
    """What the chosen server answers. Raises CommandError."""
    if not getattr(options, "server", "") and not getattr(options, "argocd_context", ""):
        return None
    from argosy.cli.login.server import Server, calling  # late: it loads the client

    found = dict[str, Any]()

    async def work(server: Server) -> int:
        found.update(await server.call("GET", "/api/version"))
        return Exit.OK

    calling(options, work)
    return found
