"""Argo CD's API as it was recorded, over the wire, against `argosy up` in a process of its own.

`rest` plays the scenarios with the player beside the data (`tools/api_replay.py`, which holds the rules of
comparison); `grpc_web` sends raw frames; `cli` runs the real `argocd` from $ARGOCD or the PATH, where there is one.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from argosy.server.schema.decoding import decode
from argosy.server.schema.facts import methods
from tests.kit.ports import free_port

from .argocd_accidents import Accidents
from .argocd_calls import NotKnown, Wire, played
from .outcome import Outcome, not_run
from .reading import stories

SETTLED_SECONDS = 30.0
READY_SECONDS = 120.0
STARTS = 3
"""A free port may be another's by the time that the server has started."""
SHARED = Path(__file__).parents[3] / "shared"
BLANKS = re.compile(r"\s+")
ANY_WORD = re.compile(r"\{(?:age|duration|int|rand|hash|rv:0)\}")


def rest(data: Path) -> Iterator[Outcome]:
    family = "argo-cd/api/rest"
    if not (files := sorted((data / "argo-cd/api/rest").glob("*.json"))):
        return
    tool = _tool(data)
    if not tool.exists():
        yield not_run(family, "", f"the player {tool} is not there")
        return
    with _player(tool) as player:
        for file, recorded, unread in stories(family, files, "scenario", "given", "steps"):
            if unread:
                yield unread
                continue
            scenario = {**recorded, "$file": str(file)}
            if not _begun(player, scenario):
                yield Outcome(family, file.stem, passed=False, detail="it cannot be set up")
                continue
            yield from _steps(family, player, scenario)


def _begun(player: Any, scenario: dict[str, Any]) -> bool:
    for _ in range(2):
        try:
            player.begin(scenario)
        except (RuntimeError, OSError, KeyError):
            continue
        return True
    return False


def _steps(family: str, player: Any, scenario: dict[str, Any]) -> Iterator[Outcome]:
    accidents = Accidents(scenario)
    for number, step in enumerate(scenario["steps"]):
        name = f"{scenario['scenario']} {number} {step.get('name', '')}"
        if _is_aside(player, step):
            accidents.note(step)
            continue
        why = ""
        try:
            raw = player.request(step)
            player.take(step, raw)
            accidents.note(step, raw["status"])
            shown = player.normal(raw)
            faults = [] if _is_own_way(step, raw) else player.check(step, shown)
            why = accidents.why(step, raw["status"], shown["body"], faults) if faults else ""
        except Exception as error:
            faults = [f"{type(error).__name__}: {error}"]
        if why:
            yield not_run(family, name, why)
            continue
        yield Outcome(family, name, passed=not faults, detail="; ".join(faults[:3])[:600])


def _is_own_way(step: dict[str, Any], raw: dict[str, Any]) -> bool:
    """An oddity that need not be copied: another refusal is as good, and so is what was asked for; a failure is not."""
    return bool(step.get("quirk")) and (0 < raw["status"] < 500 or raw["status"] == 501)


def _is_aside(player: Any, step: dict[str, Any]) -> bool:
    """What is not a question: waiting, and what others do meanwhile."""
    if "settle" in step:
        with contextlib.suppress(TimeoutError):  # what it waited for is asked for next, and judged there
            player.settle({**step, "timeout": min(step.get("timeout", 90), SETTLED_SECONDS)})
    elif "wait" in step:
        time.sleep(step["wait"])  # noqa: TID251  # of a real process
    elif "request" not in step and "argv" not in step:
        player.do(step)
    else:
        return False
    return True


def grpc_web(data: Path) -> Iterator[Outcome]:
    """Status, error, content type, framing and the first message's fields; not the bytes of times and ids."""
    family = "argo-cd/api/grpc-web"
    recorded = json.loads((data / "argo-cd/api/grpc-web/exchanges.json").read_text())
    tool = _tool(data)
    if not tool.exists():
        yield not_run(family, "", f"the player {tool} is not there")
        return
    with _player(tool) as player:
        player.begin({"given": recorded["given"], "$file": ""})
        time.sleep(2)  # noqa: TID251  # of a real process
        for exchange in recorded["exchanges"]:
            try:
                faults = _exchanged(player, exchange)
            except Exception as error:
                faults = [f"{type(error).__name__}: {error}"]
            yield Outcome(family, exchange["name"], passed=not faults, detail="; ".join(faults)[:600])


def _exchanged(player: Any, exchange: dict[str, Any]) -> list[str]:
    request, wanted = exchange["request"], exchange["response"]
    headers = {
        name: value.replace("{jwt}", player.token("admin")) if "{jwt}" in value else value
        for name, value in request["headers"].items()
    }
    connection = player.connect(8)
    connection.request("POST", f"/{exchange['method']}", bytes.fromhex(request["body"]), headers)
    answer = connection.getresponse()
    body = b""
    with contextlib.suppress(TimeoutError):
        while part := answer.read1(65536):
            body += part
            if exchange["name"] == "watch":
                break
    connection.close()
    faults = [] if answer.status == wanted["status"] else [f"status {answer.status}, want {wanted['status']}"]
    for name in ("grpc-status", "grpc-message", "content-type"):
        given = answer.getheader(name)
        if given != wanted["headers"].get(name):
            faults.append(f"{name}: {given!r}, want {wanted['headers'].get(name)!r}")
    if answer.status != 200:
        return faults
    frames = _frames(body)
    flags = [frame["flag"] for frame in wanted["frames"]]
    if "body_text" not in wanted and exchange["name"] != "logs" and not _alike([flag for flag, _ in frames], flags):
        faults.append(f"frames {[flag for flag, _ in frames]}, want {flags}")
    method = methods().get(exchange["method"])
    recorded = _frames(bytes.fromhex(wanted.get("body") or ""))
    if method is not None and recorded and frames and not recorded[0][0] and not frames[0][0]:
        ours, theirs = (decode(method.response, found[0][1]) for found in (frames, recorded))
        faults += [f"{name}: missing" for name in theirs if name not in ours]
    return faults


def _alike(ours: list[int], theirs: list[int]) -> bool:
    """In a continuing stream, one message is as good as two."""
    return ours == theirs or (0x80 not in theirs and bool(theirs) and ours[:1] == theirs[:1])


def _frames(body: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at + 5 <= len(body):
        length = int.from_bytes(body[at + 1 : at + 5], "big")
        found.append((body[at], body[at + 5 : at + 5 + length]))
        at += 5 + length
    return found


def cli(data: Path) -> Iterator[Outcome]:
    """By the real command where there is one: exit codes, and what is printed but for tables of a running sync. Else
    the calls of each command, as its client makes them."""
    family = "argo-cd/api/cli"
    program = os.environ.get("ARGOCD") or shutil.which("argocd")
    tool = _tool(data)
    if not tool.exists():
        yield not_run(family, "", f"the player {tool} is not there")
        return
    if not (files := sorted((data / "argo-cd/api/cli").glob("*.json"))):
        return
    with _player(tool) as player, tempfile.TemporaryDirectory(prefix="argosy-cli-") as place:
        for file, recorded, unread in stories(family, files, "given", "login", "env", "commands"):
            if unread:
                yield unread
                continue
            if not _begun(player, {**recorded, "$file": str(file)}):
                yield Outcome(family, file.stem, passed=False, detail="it cannot be set up")
                continue
            home = Path(place) / file.stem
            home.mkdir()
            for name, text in (recorded["given"].get("files") or {}).items():
                (home / name).write_text(player.fill(text))
            for number, step in enumerate(recorded["commands"]):
                if _is_aside(player, step):
                    continue
                name = f"{file.stem} {number} {' '.join(step['argv'])[:80]}"
                try:
                    if program is None:
                        faults = _called(player, recorded, step, home)
                    else:
                        faults = _run(program, player, recorded, step, home)
                except NotKnown as error:
                    yield not_run(family, name, f"{error}: set ARGOCD to the command's path")
                    continue
                except Exception as error:
                    faults = [f"{type(error).__name__}: {error}"]
                yield Outcome(family, name, passed=not faults, detail="; ".join(faults[:3])[:600])


def _called(player: Any, recorded: dict[str, Any], step: dict[str, Any], home: Path) -> list[str]:
    """Without the command: its calls, as it makes them."""
    token = player.token(recorded["login"]) if recorded["login"] else ""
    if not token and step["calls"] and not step["calls"][-1].endswith("Session/Create"):
        token = player.token("admin")
    return played(player, Wire(player, token), step, home)


def _run(program: str, player: Any, recorded: dict[str, Any], step: dict[str, Any], home: Path) -> list[str]:
    address = player.base.partition("://")[2]
    token = player.token(recorded["login"]) if recorded["login"] else ""
    environ = {
        name: value.replace("{hostport}", address).replace("{jwt} of admin", token)
        for name, value in recorded["env"].items()
        if value is not None
    }
    arguments = [
        re.sub(r"\{file:([\w.-]*)\}", lambda found: str(home / found[1]), player.fill(word)).replace(
            "{hostport}", address
        )
        for word in step["argv"]
    ]
    done = subprocess.run(
        [program, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "ARGOCD_CONFIG_DIR": str(home / "config"), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=90,
        check=False,
    )
    if done.returncode != step["exit"]:
        return [f"exit {done.returncode}, want {step['exit']}: {done.stderr.decode(errors='replace')[-200:]}"]
    if step.get("compare") == "exit" or step.get("timing") or step.get("quirk") or "stdout" not in step:
        return []
    return _compared(player, step["stdout"], done.stdout.decode(errors="replace"), step, home)


def _compared(player: Any, wanted: Any, printed: str, step: dict[str, Any], home: Path) -> list[str]:
    faults: list[str] = []
    ignored = step.get("ignore") or step.get("mask") or []
    if isinstance(wanted, dict) and "$json" in wanted:
        player.diff(wanted["$json"], player.normal(json.loads(printed)), "stdout", ignored, faults)
    elif isinstance(wanted, dict) and "$yaml" in wanted:
        documents = [json.loads(json.dumps(item, default=str)) for item in yaml.safe_load_all(printed)]
        player.diff(wanted["$yaml"], player.normal(documents), "stdout", ignored, faults)
    elif "{usage}" not in wanted:
        ours, theirs = _lines(player.text(printed.replace(f"{home}/", "{file:}"))), _lines(wanted)
        if step.get("unordered"):
            ours, theirs = sorted(ours), sorted(theirs)
        if len(ours) != len(theirs):
            return [f"{len(ours)} lines, want {len(theirs)}: {ours[:6]}"]
        faults += [f"{one!r}, want {two!r}" for one, two in zip(ours, theirs, strict=True) if not _is_like(one, two)]
    return faults


def _is_like(line: str, wanted: str) -> bool:
    """`{age}` and its like stand for any word."""
    parts = (re.escape(part) for part in ANY_WORD.split(wanted))
    return re.fullmatch(r"\S+".join(parts), line) is not None


def _lines(text: str) -> list[str]:
    return [BLANKS.sub(" ", line).strip() for line in text.splitlines() if line.strip()]


@contextlib.contextmanager
def _player(tool: Path) -> Iterator[Any]:
    """A player of a process of ours, which is empty, and ends with the block."""
    spec = importlib.util.spec_from_file_location("api_replay", tool)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with tempfile.TemporaryDirectory(prefix="argosy-api-") as place:
        process, url = _started(Path(place))
        try:
            player = module.Player(url, str(Path(place) / "kubeconfig"), free_port(), None)
            player.skip_quirks = True
            try:
                yield player
            finally:
                player.git.close()
                player.git.server.server_close()
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()


def _started(place: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Raises RuntimeError with the end of its log."""
    for _ in range(STARTS):
        port = free_port()
        command = [sys.executable, "-m", "argosy.cli.main", "up", "--data-dir", str(place), "--port", str(free_port())]
        command += ["--server-port", str(port), "--server-insecure"]
        with (place / "log").open("wb") as log:
            environment = {**os.environ, "ARGOSY_DATA_DIR": str(place)}
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        if _is_ready(f"http://127.0.0.1:{port}", process):
            return process, f"http://127.0.0.1:{port}"
        process.kill()
    raise RuntimeError(f"argosy up does not start: {(place / 'log').read_text(errors='replace')[-200:]}")


def _is_ready(url: str, process: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + READY_SECONDS  # noqa: TID251  # of a real process
    while time.monotonic() < until and process.poll() is None:  # noqa: TID251  # of a real process
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)  # noqa: TID251  # of a real process
    return False


def _tool(data: Path) -> Path:
    """The player is next to the data; a part of the data may have been copied from there."""
    places = [folder / "tools" / "api_replay.py" for folder in (data.parent, data, SHARED)]
    return next((place for place in places if place.exists()), places[0])
