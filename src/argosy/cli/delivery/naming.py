"""Resolves Stages and Freight named as arguments; an unknown one is reported in one line."""

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
