"""`argosy version`."""

from __future__ import annotations

import argparse
import json

from argosy import __version__
from argosy.cli.failing import Exit

KUBERNETES = "1.36.1"
"""What the embedded API server emulates; a test keeps it equal to the server's own word."""


def run(options: argparse.Namespace) -> int:
    if options.output == "json":
        print(json.dumps({"argosy": __version__, "kubernetes": KUBERNETES}))
    else:
        print(f"argosy {__version__} (embedded API server: Kubernetes {KUBERNETES})")
    return Exit.OK
