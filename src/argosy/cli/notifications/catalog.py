"""`argosy notifications catalog`: the triggers and templates that annotations name everywhere, to be applied."""

from __future__ import annotations

import argparse
import sys

from argosy.cli.failing import Exit
from argosy.cli.notifications.sources import about
from argosy.machinery.text import yaml
from argosy.notify.catalog import config_map


def run(options: argparse.Namespace) -> int:
    sys.stdout.write(yaml.dump(config_map(about(options).config_map, options.namespace)))
    return Exit.OK
