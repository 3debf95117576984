"""Plain commands without a shell: from words and input to output and an exit code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from argosy.cluster.workloads.inside import filters, scripts
from argosy.cluster.workloads.inside.files import POD_LIMIT, Files, below, normal, packed, unpacked


@dataclass(frozen=True, slots=True)
class Ran:
    output: bytes = b""
    complaint: bytes = b""
    code: int = 0


@dataclass(slots=True, kw_only=True)
class Place:
    """The environment of a command; `written` collects the files it writes."""

    hostname: str
    now: datetime
    environment: Mapping[str, str]
    files: Files
    directory: str = "/"
    user: str = "root"
    written: Files = field(default_factory=dict)


ROOT = ("bin", "dev", "etc", "home", "lib", "opt", "proc", "root", "sbin", "sys", "tmp", "usr", "var")
"""Directories that every image has, though they are mostly empty here."""
FILTERED = 1 << 20
"""Maximum bytes a filter reads: more would delay others."""
COMPLAINS = "\0"
"""Stands for `>&2`, which the lexer would split."""
_TO_COMPLAINTS = re.compile(r"(?<!\S)1?>&2(?![^\s;|])")
_TO_OUTPUT = re.compile(r"(?<!\S)2>&1(?![^\s;|])")
VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
Run = Callable[[Place, Sequence[str], bytes], Ran]
READS_INPUT = frozenset({"cat", "tar", "tee", "wc", "grep", "head", "tail", "sort", "gzip", "sh", "bash", "ash"})
"""Commands that read their standard input to the end when they are given no file."""


def run(place: Place, words: Sequence[str], given: bytes) -> Ran:
    name = words[0].rpartition("/")[2]
    known = COMMANDS.get(name)
    if known is None:
        return not_found(words[0])
    return known(place, words[1:], given)


def not_found(name: str) -> Ran:
    why = "this container is simulated, a rule may say what it prints"
    text = f'exec: "{name}": executable file not found in $PATH: {why}'
    return Ran(complaint=f"OCI runtime exec failed: {text}\n".encode(), code=127)


def _echo(place: Place, words: Sequence[str], given: bytes) -> Ran:
    newline = "\n"
    if words[:1] == ["-n"]:
        words, newline = words[1:], ""
    return Ran((" ".join(words) + newline).encode())


def _cat(place: Place, words: Sequence[str], given: bytes) -> Ran:
    names = [word for word in words if word != "-"]
    if not names:
        return Ran(given)
    output, complaint = b"", b""
    for name in names:
        data = place.files.get(_path(place, name))
        if data is None:
            complaint += f"cat: {name}: No such file or directory\n".encode()
        else:
            output += data
    return Ran(output, complaint, int(bool(complaint)))


def _path(place: Place, name: str) -> str:
    return normal(name if name.startswith("/") else f"{place.directory}/{name}")


def _ls(place: Place, words: Sequence[str], given: bytes) -> Ran:
    names = [word for word in words if not word.startswith("-")] or [place.directory]
    output = b""
    for name in names:
        path = _path(place, name)
        if path in place.files:
            output += f"{name}\n".encode()
            continue
        found = below(place.files, path)
        if path == "/":
            found = sorted({*(item.rstrip("/") for item in found), *ROOT})
        if not found and path.removeprefix("/") not in ROOT and path != place.directory:
            return Ran(output, f"ls: cannot access '{name}': No such file or directory\n".encode(), 2)
        output += "".join(f"{item.rstrip('/')}\n" for item in found).encode()
    return Ran(output)


def _env(place: Place, words: Sequence[str], given: bytes) -> Ran:
    if words:
        found = [place.environment[word] for word in words if word in place.environment]
        return Ran("".join(f"{value}\n" for value in found).encode(), code=int(len(found) < len(words)))
    return Ran("".join(f"{name}={value}\n" for name, value in place.environment.items()).encode())


def _test(place: Place, words: Sequence[str], given: bytes) -> Ran:
    words = [word for word in words if word != "]"]
    if len(words) == 2 and words[0] in ("-f", "-e", "-d", "-r", "-s"):
        path = _path(place, words[1])
        is_directory = bool(below(place.files, path))
        there = {"-d": is_directory, "-e": is_directory or path in place.files}.get(words[0], path in place.files)
        return Ran(code=int(not there))
    if len(words) == 3 and words[1] in ("=", "!="):
        return Ran(code=int((words[0] == words[2]) is not (words[1] == "=")))
    return Ran(code=int(not (words and words[-1])))


def _tar(place: Place, words: Sequence[str], given: bytes) -> Ran:
    flags = next((word for word in words if not word.startswith("--")), "").lstrip("-")
    directory = words[list(words).index("-C") + 1] if "-C" in words[:-1] else place.directory
    if "c" in flags:
        path = next((word for word in reversed(words) if word not in ("-", "-C") and not word.startswith("-")), "")
        made = packed(place.files, path)
        if made is None:
            return Ran(complaint=f"tar: {path}: Cannot stat: No such file or directory\n".encode(), code=2)
        return Ran(made)
    if "x" in flags:
        try:
            place.written |= unpacked(given, directory)
        except ValueError as error:
            return Ran(complaint=f"tar: {error}\n".encode(), code=2)
        return Ran()
    return Ran(complaint=b"tar: You must specify one of the '-cx' options\n", code=2)


def _tee(place: Place, words: Sequence[str], given: bytes) -> Ran:
    for name in words:
        if not name.startswith("-"):
            place.written[_path(place, name)] = given
    return Ran(given)


def _touch(place: Place, words: Sequence[str], given: bytes) -> Ran:
    for name in words:
        place.written.setdefault(_path(place, name), place.files.get(_path(place, name), b""))
    return Ran()


def _wc(place: Place, words: Sequence[str], given: bytes) -> Ran:
    names = [word for word in words if not word.startswith("-")]
    data = b"".join(place.files.get(_path(place, name), b"") for name in names) if names else given
    counts = {"-l": data.count(b"\n"), "-w": len(data.split()), "-c": len(data)}
    chosen = [str(counts[word]) for word in words if word in counts] or [str(value) for value in counts.values()]
    return Ran((" ".join([*chosen, *names]) + "\n").encode())


def _grep(place: Place, words: Sequence[str], given: bytes) -> Ran:
    plain = [word for word in words if not word.startswith("-")]
    if not plain:
        return Ran(complaint=b"usage: grep TEXT [FILE]\n", code=2)
    data = b"".join(place.files.get(_path(place, name), b"") for name in plain[1:]) if plain[1:] else given
    inverted = any("v" in word for word in words if word.startswith("-"))
    found = [line for line in data.splitlines() if (plain[0].encode() in line) is not inverted]
    return Ran(b"".join(line + b"\n" for line in found), code=int(not found))


def _shell(place: Place, words: Sequence[str], given: bytes) -> Ran:
    """`sh -c "a && b; c"`: the commands one after another; features that need a real shell are refused by name."""
    if len(words) < 2 or words[0] not in ("-c", "-ec", "-lc", "-xc"):
        script = given.decode(errors="replace")
        return script_run(place, script) if script.strip() else Ran()
    return script_run(place, words[1], run)


def script_run(place: Place, script: str, execute: Run | None = None) -> Ran:
    execute = execute or run
    output, complaint, code = b"", b"", 0
    piped = b""
    for line in script.splitlines() or [""]:
        try:
            if (loop := scripts.loop_of(line)) is not None:
                done = _repeated(place, loop, execute)
                output, complaint, code = output + done.output, complaint + done.complaint, done.code
                continue
            parts = _parts(_substituted(place, line, execute))
        except ValueError as error:
            return Ran(output, complaint + f"sh: {error}\n".encode(), 2)
        for index, (operator, words) in enumerate(parts):
            given, piped = (piped, b"") if operator == "|" else (b"", b"")
            if (operator == "&&" and code) or (operator == "||" and not code) or not words:
                continue
            if words[0] == "exit":
                return Ran(output, complaint, int(words[1]) % 256 if words[1:] and words[1].isdigit() else code)
            target, words = _redirected(words)
            complains, words = COMPLAINS in words, [word for word in words if word != COMPLAINS]
            done = execute(place, [_expanded(place, word) for word in words], given)
            if complains:
                complaint += done.output
            elif target:
                place.written[_path(place, target)] = done.output
                place.files[_path(place, target)] = done.output
            elif parts[index + 1 : index + 2] and parts[index + 1][0] == "|":
                piped = done.output
            else:
                output += done.output
            complaint, code = complaint + done.complaint, done.code
    return Ran(output, complaint, code)


def _substituted(place: Place, line: str, execute: Run) -> str:
    """With the output of the commands in `$(...)` inserted."""
    return scripts.substituted(line, lambda inner: script_run(place, inner, execute).output.decode(errors="replace"))


def _repeated(place: Place, loop: scripts.Loop, execute: Run) -> Ran:
    """Raises ValueError for a loop that runs too long."""
    words = _substituted(place, loop.words, execute)
    items = [_expanded(place, word) for word in shlex.split(words)]
    if len(items) > scripts.TURNS:
        raise ValueError(f"a loop of more than {scripts.TURNS} turns is not simulated")
    output, complaint, code = b"", b"", 0
    for item in items:
        inside = replace(place, environment={**place.environment, loop.name: item})
        done = script_run(inside, loop.body, execute)
        output, complaint, code = output + done.output, complaint + done.complaint, done.code
    return Ran(output, complaint, code)


def _parts(line: str) -> list[tuple[str, list[str]]]:
    """Commands with the operator before each. Raises ValueError for syntax that needs a real shell."""
    line = _TO_COMPLAINTS.sub(COMPLAINS, _TO_OUTPUT.sub("", line))
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    found: list[tuple[str, list[str]]] = [(";", [])]
    for word in lexer:
        if word in (";", "&&", "||", "|"):
            found.append((word, []))
        elif word and set(word) <= set(";&|"):
            raise ValueError(f"'{word}' needs a shell, and this container is simulated: a rule may say what it prints")
        else:
            found[-1][1].append(word)
    return found


def _redirected(words: list[str]) -> tuple[str, list[str]]:
    for index, word in enumerate(words):
        if word == ">" and index + 1 < len(words):
            return words[index + 1], [*words[:index], *words[index + 2 :]]
        if word.startswith(">") and len(word) > 1 and word[1] != "&":
            return word[1:], [*words[:index], *words[index + 1 :]]
    return "", [word for word in words if word not in ("2>&1", "2>/dev/null")]


def _expanded(place: Place, word: str) -> str:
    """Expands `$NAME` and `${NAME}` of known variables; others stay as they are."""

    def value(found: re.Match[str]) -> str:
        return place.environment.get(found[1] or found[2], found[0])

    return VARIABLE.sub(value, word) if "$" in word else word


def _filter(change: Callable[[Sequence[str], bytes], bytes]) -> Run:
    """The text of files, or of the standard input."""

    def filtered(place: Place, words: Sequence[str], given: bytes) -> Ran:
        names = [word for word in words if not word.startswith("-") and not word.isdigit()]
        data = b"".join(place.files.get(_path(place, name), b"") for name in names) if names else given
        if len(data) > FILTERED:
            return Ran(complaint=b"more than 1 MB is not simulated\n", code=1)
        try:
            return Ran(change(words, data))
        except ValueError as error:
            return Ran(complaint=f"{error}\n".encode(), code=1)

    return filtered


def _date(place: Place, words: Sequence[str], given: bytes) -> Ran:
    try:
        return Ran(f"{filters.date(words, place.now)}\n".encode())
    except ValueError as error:
        return Ran(complaint=f"date: {error}\n".encode(), code=1)


def _printf(place: Place, words: Sequence[str], given: bytes) -> Ran:
    try:
        return Ran(scripts.printf(words).encode())
    except ValueError as error:
        return Ran(complaint=f"printf: {error}\n".encode(), code=1)


def _seq(place: Place, words: Sequence[str], given: bytes) -> Ran:
    try:
        return Ran(scripts.sequence(words).encode())
    except ValueError as error:
        return Ran(complaint=f"seq: {error}\n".encode(), code=1)


def _dd(place: Place, words: Sequence[str], given: bytes) -> Ran:
    try:
        name, data = filters.made_block(words, POD_LIMIT)
    except ValueError as error:
        return Ran(complaint=f"dd: {error}\n".encode(), code=1)
    place.written[_path(place, name)] = data
    return Ran(complaint=f"{len(data)} bytes copied\n".encode())


def _prints(read: Callable[[Place], str]) -> Run:
    return lambda place, words, given: Ran(f"{read(place)}\n".encode())


COMMANDS: dict[str, Run] = {
    "echo": _echo,
    "cat": _cat,
    "ls": _ls,
    "env": _env,
    "printenv": _env,
    "test": _test,
    "[": _test,
    "tar": _tar,
    "tee": _tee,
    "touch": _touch,
    "wc": _wc,
    "grep": _grep,
    "true": lambda place, words, given: Ran(),
    ":": lambda place, words, given: Ran(),
    "false": lambda place, words, given: Ran(code=1),
    "mkdir": lambda place, words, given: Ran(),
    "sleep": lambda place, words, given: Ran(),
    "sync": lambda place, words, given: Ran(),
    "hostname": _prints(lambda place: place.hostname),
    "pwd": _prints(lambda place: place.directory),
    "whoami": _prints(lambda place: place.user),
    "id": _prints(lambda place: "uid=0(root) gid=0(root) groups=0(root)"),
    "printf": _printf,
    "seq": _seq,
    "uptime": _prints(lambda place: f" {place.now:%H:%M:%S} up 1 day,  0 users,  load average: 0.00, 0.00, 0.00"),
    "date": _date,
    "dd": _dd,
    "head": _filter(filters.head),
    "tail": _filter(filters.tail),
    "sort": _filter(filters.sort),
    "gzip": _filter(filters.zipped),
    "uname": _prints(lambda place: "Linux"),
    "which": lambda place, words, given: Ran(
        "".join(f"/bin/{word}\n" for word in words if word in COMMANDS).encode(),
        code=int(not all(word in COMMANDS for word in words)),
    ),
    "sh": _shell,
    "bash": _shell,
    "ash": _shell,
}
