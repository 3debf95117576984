"""`argosy notifications history APP`: what was sent, and what waits for its next try."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from argosy.cli.connect import with_client
from argosy.cli.failing import Exit
from argosy.cli.notifications.sources import subject
from argosy.cli.printing import table
from argosy.machinery import timestamps
from argosy.notify.records import TRIES, Record, read_records
from argosy.notify.state import read_state
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient


def run(options: argparse.Namespace) -> int:
    async def work(client: HttpClient, clock: Clock) -> int:
        annotations = (await subject(client, options))["metadata"].get("annotations") or {}
        waiting = {record.key: record for record in read_records(annotations)}
        sent = sorted(read_state(annotations).items(), key=lambda item: (-item[1], item[0]))
        rows = [(_time(at), key, _state(waiting.get(key))) for key, at in sent]
        sys.stdout.write(table(("SINCE", "NOTIFICATION", "STATE"), rows))
        return Exit.OK

    return with_client(options, work)


def _state(record: Record | None) -> str:
    if record is None:
        return "sent"
    if not record.tries:
        return "is being sent"
    return f"failed {record.tries} of {TRIES} times, again at {_time(record.next)}"


def _time(seconds: int) -> str:
    return timestamps.seconds(datetime.fromtimestamp(seconds, UTC))
