"""`argosy audit`: reads the audit log of the API server of `argosy up`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argosy.cli.failing import CommandError, Exit
from argosy.cli.place import Place
from argosy.cli.printing import table

HEADER = ("TIME", "SUBJECT", "METHOD", "OBJECT", "RESULT", "FROM")


def run(options: argparse.Namespace) -> int:
    path = Place(options.data_dir).directory / "audit.log"
    found = deque((line for line in _lines(path) if _is_wanted(line, options)), maxlen=max(options.lines, 0))
    if options.output == "json":
        sys.stdout.writelines(f"{json.dumps(line, ensure_ascii=False)}\n" for line in found)
    else:
        sys.stdout.write(table(HEADER, [_row(line) for line in found]))
    return Exit.OK


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                try:
                    line = json.loads(text)
                except ValueError:
                    continue  # the last line may be incomplete
                if isinstance(line, dict):
                    yield line
    except FileNotFoundError:
        raise CommandError(f"there is no {path}: Argo CD's API was never served from there") from None


def _is_wanted(line: dict[str, Any], options: argparse.Namespace) -> bool:
    if options.subject and line.get("subject") != options.subject:
        return False
    if options.method.lower() not in str(line.get("method")).lower():
        return False
    if options.failed and line.get("result") == "OK":
        return False
    return not options.object or options.object in (line.get("object") or {}).values()


def _row(line: dict[str, Any]) -> tuple[str, ...]:
    about = ",".join(f"{key}={value}" for key, value in (line.get("object") or {}).items())
    method = str(line.get("method") or "")
    if " " not in method:  # gRPC: without the package; a REST method has its path after a space
        method = method.partition(".")[2]
    time = str(line.get("time") or "")[:19]
    return (time, str(line.get("subject")), method, about, str(line.get("result")), str(line.get("address") or ""))
