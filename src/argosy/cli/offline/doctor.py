"""`argosy doctor`: checks what this machine offers, by trying it, and says what needs to be fixed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import ssl
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from argosy import __version__
from argosy.cli.failing import Exit
from argosy.cli.offline.version import KUBERNETES
from argosy.cli.place import Place
from argosy.cluster.http.keys import faults_of_keys
from argosy.cluster.store.integrity import faults_of_directory
from argosy.confinement import layers
from argosy.confinement.groups import GROUPS
from argosy.confinement.selftest import Findings, tried
from argosy.render.workers.boxes import DISK, MEMORY, PATHS, PROCESSES, plugin_limits
from argosy.runtime.clock import RealClock

OK, WITHOUT, BAD = "ok", "without", "bad"
FREE_WANTED: Final = 512 * 1024 * 1024
FILES_WANTED: Final = 4096
PROGRAMS: Final = {"git": "Git repositories", "ssh": "Git over SSH", "gpg": "signatures of commits"}
_WORDS: Final = {
    layers.FILES: "a program that is not trusted sees no files but its own",
    layers.SOCKETS: "it reaches no network and no socket",
    layers.SIGNALS: "it reaches no other process",
    layers.COUNT: "the kernel limits its number of processes",
    layers.DISK: "the kernel limits its disk",
    "ends": "nothing that it started outlives it",
}
_INSTEAD: Final = {
    layers.COUNT: "they are counted while it runs",
    layers.DISK: "it is measured while it runs",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`state`: `ok`, `without` (works with fewer features) or `bad` (must be fixed)."""

    about: str
    state: str
    text: str


def run(options: argparse.Namespace) -> int:
    found = [*_kernel(tried()), *_limits(), *_data_directory(Place(options.data_dir)), *_tls(), *_versions()]
    if options.output == "json":
        print(json.dumps([asdict(item) for item in found], indent=2))
    else:
        _print(found)
    return Exit.FAILED if any(item.state == BAD for item in found) else Exit.OK


def _print(found: list[Finding]) -> None:
    about = ""
    for item in found:
        if item.about != about:
            about = item.about
            print(f"{about}:")
        print(f"  {item.state:<8} {item.text}")
    bad = sum(item.state == BAD for item in found)
    print(f"\n{bad} to fix." if bad else "\nNothing to fix.")


def _kernel(findings: Findings) -> Iterator[Finding]:
    about = "confinement"
    if findings.problem:
        yield Finding(about, BAD, f"could not be tried: {findings.problem}")
        return
    for layer in layers.LAYERS:
        has = layer in findings.held
        why = GROUPS.reason if layer == layers.GROUP and GROUPS.reason else "this kernel does not let us"
        yield Finding(about, OK if has else WITHOUT, f"{layer}: {'in use' if has else why}")
    for name, words in _WORDS.items():
        if findings.kept.get(name):
            yield Finding(about, OK, f"tried: {words}")
        elif name in _INSTEAD:
            yield Finding(about, WITHOUT, f"tried, and not so: {words}; {_INSTEAD[name]}")
        else:
            yield Finding(about, BAD, f"tried, and not so: {words}")
    runs = findings.runs_plugins
    yield Finding(about, OK if runs else BAD, f"config-management plug-ins {'run' if runs else 'are refused here'}")
    yield Finding(about, OK, f"a box takes {findings.start_ms:.0f} ms to start here, its interpreter included")


def _limits() -> Iterator[Finding]:
    about = "limits"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = f"open files: {soft}, at most {'any number' if hard == resource.RLIM_INFINITY else hard}"
    enough = hard == resource.RLIM_INFINITY or hard >= FILES_WANTED
    yield Finding(about, OK if enough else BAD, text if enough else f"{text}: raise it to {FILES_WANTED} (ulimit -Hn)")
    given = plugin_limits(os.environ)
    yield Finding(about, OK, f"a plug-in's memory: {given.memory_bytes >> 20} MiB ({MEMORY})")
    yield Finding(about, OK, f"a plug-in's disk: {given.disk_bytes >> 20} MiB ({DISK})")
    yield Finding(about, OK, f"a plug-in's processes: {given.tasks} ({PROCESSES})")
    for path in given.paths:
        there = os.path.isdir(path)  # noqa: PTH112
        text = f"plug-ins may read {path} ({PATHS})"
        yield Finding(about, OK if there else BAD, text if there else f"{text}: there is no such directory")


def _data_directory(place: Place) -> Iterator[Finding]:
    about, directory = "data directory", place.directory
    if not directory.is_dir():
        yield Finding(about, OK, f"{directory}: not there yet; 'argosy up' makes it")
        return
    mode = stat.S_IMODE(directory.stat().st_mode)
    if mode & 0o077:
        yield Finding(about, BAD, f"{directory}: has mode {mode:04o}, others can look inside: chmod 700 {directory}")
    else:
        yield Finding(about, OK, f"{directory}: only its owner can look inside")
    loose = [path for path in _secret_files(place) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in loose:
        yield Finding(about, BAD, f"{path}: has mode {stat.S_IMODE(path.stat().st_mode):04o}: chmod 600 {path}")
    free = shutil.disk_usage(directory).free
    few = free < FREE_WANTED
    text = f"{free >> 20} MiB are free"
    yield Finding(about, BAD if few else OK, f"{text}: at least {FREE_WANTED >> 20} MiB are wanted" if few else text)
    for fault in [*faults_of_directory(directory), *faults_of_keys(directory / "pki", RealClock().now())]:
        yield Finding(about, BAD, fault)
    pid = place.running()
    yield Finding(about, OK, f"process {pid} runs in it" if pid else "nothing runs in it")


def _secret_files(place: Place) -> list[Path]:
    """Checks the permissions of files that hold keys or credentials."""
    kinds = ("*.key", "pki/*.key", "*.db", "*.db-wal", "kubeconfig")
    return sorted({path for kind in kinds for path in place.directory.glob(kind) if path.is_file()})


def _tls() -> Iterator[Finding]:
    about = "TLS"
    yield Finding(about, OK, f"{ssl.OPENSSL_VERSION}; TLS 1.2 and newer are spoken")
    count = ssl.create_default_context().cert_store_stats()["x509_ca"]
    paths = ssl.get_default_verify_paths()
    where = paths.cafile or paths.capath or paths.openssl_cafile
    text = f"{count} certificate authorities of the system are trusted"
    has = count > 0 or bool(paths.capath)
    yield Finding(about, OK if has else BAD, text if has else f"no certificate authority is known: put some in {where}")


def _versions() -> Iterator[Finding]:
    about = "versions"
    yield Finding(about, OK, f"argosy {__version__}, embedded API server: Kubernetes {KUBERNETES}")
    yield Finding(about, OK, f"Python {platform.python_version()} on {platform.system()} {platform.release()}")
    for program, use in PROGRAMS.items():
        version = _version_of(program)
        need = BAD if program == "git" else WITHOUT
        yield Finding(about, OK if version else need, version or f"{program} is not installed: no {use}")


def _version_of(program: str) -> str:
    flag = "-V" if program == "ssh" else "--version"
    try:
        done = subprocess.run([program, flag], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout or done.stderr).decode("utf-8", "replace").splitlines()
    return "".join(char for char in (lines[0] if lines else program) if char.isprintable())
