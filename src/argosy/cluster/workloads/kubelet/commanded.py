"""What a container's command and hooks mean without a rule: sleeps take their time, `exit` and `false` end with a code.

Only scripts of such words are understood; any other command runs for as long as its Pod does. A program named
`bad-command` is not there: its container never starts.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from argosy.cluster.workloads.rules.rules import Effect, Fail
from argosy.machinery.objects import JsonObject

_SHELLS = frozenset({"sh", "bash", "ash"})
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 10**6


def commanded(container: JsonObject) -> Effect:
    words = [str(word) for word in (*(container.get("command") or ()), *(container.get("args") or ()))]
    hooks: Mapping[str, Any] = container.get("lifecycle") or {}
    started, stopped = _hook(hooks.get("postStart")), _hook(hooks.get("preStop"))
    delays = Effect(ready_delay=started or None, stop_delay=stopped or None)
    if container.get("command") and words[0].rpartition("/")[2].startswith("bad-command"):
        return Effect(fail=Fail(reason="Error"), exit_code=127).over(delays)
    if (ran := _ran(words)) is None:
        return delays
    seconds, code = ran
    return Effect(run_for=seconds, exit_code=code).over(delays)


def _hook(hook: Any) -> float:
    ran = _ran([str(word) for word in ((hook or {}).get("exec") or {}).get("command") or ()])
    return ran[0] if ran is not None else 0.0


def _ran(words: Sequence[str]) -> tuple[float, int] | None:
    """(seconds, exit code) of a command that is understood."""
    if not words:
        return None
    program = words[0].rpartition("/")[2]
    if program not in _SHELLS:
        return _simple(words)
    rest = list(words[1:])
    if "-c" not in rest and not any(word.startswith("-") and word.endswith("c") for word in rest):
        return None
    scripts = [word for word in rest if not word.startswith("-")]
    return _script(scripts[0]) if scripts else None


def _script(text: str) -> tuple[float, int] | None:
    """Commands joined by `;`, `&&` or line ends; what comes after a failure is skipped by `&&` alone."""
    seconds, code = 0.0, 0
    for line in text.replace("\n", ";").split(";"):
        for part in line.split("&&"):
            try:
                words = shlex.split(part)
            except ValueError:
                return None
            if not words:
                continue
            if (ran := _simple(words)) is None:
                return None
            seconds, code = seconds + ran[0], ran[1]
            if words[0] == "exit":
                return seconds, code
            if code:
                break
    return seconds, code


def _simple(words: Sequence[str]) -> tuple[float, int] | None:
    program, arguments = words[0].rpartition("/")[2], words[1:]
    if program == "sleep" and len(arguments) == 1:
        seconds = _seconds(arguments[0])
        return None if seconds is None else (seconds, 0)
    if program == "exit":
        code = arguments[0] if arguments else "0"
        return (0.0, int(code) % 256) if code.isdecimal() else None
    if program in ("true", "false"):
        return 0.0, int(program == "false")
    return (0.0, 0) if program in ("echo", "set") else None


def _seconds(text: str) -> float | None:
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    try:
        seconds = float(number) * _UNITS[unit]
    except ValueError:
        return None
    return seconds if 0 <= seconds <= _LONGEST else None
