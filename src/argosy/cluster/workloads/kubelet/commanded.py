"""Meaning of a container's command and hooks without a rule: sleeps take their time, `exit` and `false` set a code,
`echo` prints.

Only scripts of such words are supported; any other command runs for as long as its Pod does. A program named
`bad-command` does not exist: its container never starts.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from argosy.cluster.workloads.rules.rules import Effect, Fail
from argosy.machinery.objects import JsonObject

_SHELLS = frozenset({"sh", "bash", "ash"})
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 10**6


class _Ran(NamedTuple):
    seconds: float = 0.0
    code: int = 0
    lines: tuple[tuple[float, str], ...] = ()
    """(seconds after the start, printed text)."""


def commanded(container: JsonObject) -> Effect:
    words = [str(word) for word in (*(container.get("command") or ()), *(container.get("args") or ()))]
    hooks: Mapping[str, Any] = container.get("lifecycle") or {}
    started, stopped = _hook(hooks.get("postStart")), _hook(hooks.get("preStop"))
    delays = Effect(ready_delay=started or None, stop_delay=stopped or None)
    if container.get("command") and words[0].rpartition("/")[2].startswith("bad-command"):
        return Effect(fail=Fail(reason="Error"), exit_code=127).over(delays)
    if (ran := _ran(words)) is None:
        return delays
    return Effect(run_for=ran.seconds, exit_code=ran.code, logs=ran.lines or None).over(delays)


def _hook(hook: Any) -> float:
    ran = _ran([str(word) for word in ((hook or {}).get("exec") or {}).get("command") or ()])
    return ran.seconds if ran is not None else 0.0


def _ran(words: Sequence[str]) -> _Ran | None:
    """Result of a supported command."""
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


def _script(text: str) -> _Ran | None:
    """Commands joined by `;`, `&&` or line ends; only `&&` skips the commands after a failure."""
    seconds, code, lines = 0.0, 0, []
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
            lines += [(seconds + at, said) for at, said in ran.lines]
            seconds, code = seconds + ran.seconds, ran.code
            if words[0] == "exit":
                return _Ran(seconds, code, tuple(lines))
            if code:
                break
    return _Ran(seconds, code, tuple(lines))


def _simple(words: Sequence[str]) -> _Ran | None:
    program, arguments = words[0].rpartition("/")[2], words[1:]
    if program == "sleep" and len(arguments) == 1:
        seconds = _seconds(arguments[0])
        return None if seconds is None else _Ran(seconds)
    if program == "exit":
        code = arguments[0] if arguments else "0"
        return _Ran(code=int(code) % 256) if code.isdecimal() else None
    if program in ("true", "false"):
        return _Ran(code=int(program == "false"))
    if program == "echo":
        return _Ran(lines=_printed(arguments))
    return _Ran() if program == "set" else None


def _printed(words: Sequence[str]) -> tuple[tuple[float, str], ...]:
    """Nothing if the output is redirected to a file or piped into another program."""
    if any(word.startswith((">", "|", "1>", "2>")) for word in words):
        return ()
    said = [word for word in words if word not in ("-n", "-e")]
    return tuple((0.0, line) for line in " ".join(said).split("\n"))


def _seconds(text: str) -> float | None:
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    try:
        seconds = float(number) * _UNITS[unit]
    except ValueError:
        return None
    return seconds if 0 <= seconds <= _LONGEST else None
