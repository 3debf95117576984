"""Tests a sandbox from inside: runs as a program in one, tries paths that must be inaccessible, and reports.

No arguments; the questions are a JSON object on standard input, the answers one on standard output.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import Any


def main() -> None:
    asked: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    found = {
        "files": not _reads(asked["canary"]) and not _writes(asked["directory"]),
        "sockets": not _connects(asked["socket"], asked["port"]),
        "signals": not _signals(asked["victim"]),
        "processes": _processes(asked["tasks"]) < asked["tasks"],
        "disk": _disk(asked["scratch"], asked["disk"]) <= asked["disk"],
    }
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()


def _reads(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return bool(file.read())
    except OSError:
        return False


def _writes(directory: str) -> bool:
    try:
        with open(f"{directory}/written", "wb"):
            return True
    except OSError:
        return False


def _connects(name: str, port: int) -> bool:
    for family, address in ((socket.AF_UNIX, f"\0{name}"), (socket.AF_INET, ("127.0.0.1", port))):
        try:
            with socket.socket(family) as made:
                made.settimeout(1)
                made.connect(address)
        except OSError:
            continue
        return True
    return False


def _signals(victim: int) -> bool:
    """Neither its parent nor the victim is in the same sandbox."""
    try:
        os.kill(victim, signal.SIGCONT)
    except OSError:
        return False
    return os.path.exists(f"/proc/{victim}/status") or not os.path.exists("/proc/self")


def _processes(limit: int) -> int:
    """How many can be started at once, up to a limit; all exit afterwards, except one that leaves its session."""
    started: list[int] = []
    try:
        for _ in range(limit):
            pid = os.fork()
            if not pid:
                os.setsid()
                signal.pause()
                os._exit(0)
            started.append(pid)
    except OSError:
        pass
    for pid in started[1:]:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return len(started)


def _disk(directory: str, limit: int) -> int:
    """Bytes that can be written, up to some more than the limit."""
    written = 0
    try:
        with open(f"{directory}/filled", "wb", buffering=0) as file:
            while written <= 2 * limit:
                written += file.write(bytes(65536))
    except OSError:
        pass
    return written
