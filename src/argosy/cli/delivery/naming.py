"""Commands whose arguments name Stages and Freight: what is not there is told in one line."""

from __future__ import annotations

import argparse

from argosy.cli.connect import Work, with_client
from argosy.cli.failing import CommandError
from argosy.promotion.tracing.naming import Unknown


def with_pipeline(options: argparse.Namespace, work: Work) -> int:
    try:
        return with_client(options, work)
    except Unknown as error:
        raise CommandError(str(error)) from None
