"""`argosy app manifests`: the target or live manifests as YAML documents; Secrets are masked."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.app.comparison.compare import Comparison, with_comparison
from argosy.cli.connect import chosen_server
from argosy.cli.failing import Exit
from argosy.cli.printing import write_manifest
from argosy.gitops.model.secret_masking import masked


def run(options: argparse.Namespace) -> int:
    if chosen_server(options):
        from argosy.cli.app import at_server

        return at_server.manifests(options)

    async def use(comparison: Comparison) -> int:
        pairs = (await comparison.compared()).comparison.pairs
        for pair in pairs:
            live, target = masked([pair.live, pair.target])
            shown = live if options.source == "live" else target
            if shown is not None:
                write_manifest(sys.stdout, shown)
        return Exit.OK

    return with_comparison(options, use)
