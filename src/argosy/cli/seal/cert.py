"""`argosy seal cert`: the certificate that seals, for sealing without the cluster."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.failing import Exit
from argosy.cli.seal.certificate import certificate_of


def run(options: argparse.Namespace) -> int:
    sys.stdout.write(certificate_of(options).decode())
    return Exit.OK
