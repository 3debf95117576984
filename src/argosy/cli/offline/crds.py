"""`argosy crds`: prints the CRDs generated from `apis`, ready for `kubectl apply --server-side -f -`."""

from __future__ import annotations

import argparse
import sys

from argosy.apis import crds
from argosy.cli.failing import Exit
from argosy.cli.printing import write_objects


def run(options: argparse.Namespace) -> int:
    write_objects(sys.stdout, crds(), options.output)
    return Exit.OK
