"""The data directory of one instance: what lies where, who runs in it, and on which port."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from argosy.cli.failing import CommandError

HOST = "127.0.0.1"
USUAL_PORT = 6443


class Place:
    def __init__(self, directory: Path | None) -> None:
        given = directory or Path(os.environ.get("ARGOSY_DATA_DIR") or ".argosy")
        self.directory = given.expanduser().absolute()

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    @property
    def server(self) -> str:
        """The address of the web page and Argo CD's API; empty if nothing serves it."""
        try:
            return (self.directory / "server").read_text().strip()
        except OSError:
            return ""

    @property
    def pid_file(self) -> Path:
        return self.directory / "argosy.pid"

    @property
    def log(self) -> Path:
        return self.directory / "argosy.log"

    def make(self) -> None:
        """Only its owner may look inside: it holds keys and whatever Secrets the cluster stores."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"--data-dir {self.directory}: {error.strerror}") from None

    def running(self) -> int:
        """The process that runs here, or 0. A file that a killed process left behind does not count."""
        try:
            with self.pid_file.open("r+") as file:
                if _lock(file):
                    return 0
                return int(file.read() or 0)
        except (OSError, ValueError):
            return 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """For as long as the block lasts nobody else runs here. The lock ends with the process, however it ends."""
        self.make()
        with self._opened_pid_file() as file:
            if not _lock(file):
                file.seek(0)
                raise CommandError(already_running(self, file.read().strip()))
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            try:
                yield
            finally:
                with suppress(OSError):
                    self.pid_file.unlink()

    def open_log(self) -> int:
        """A descriptor that appends; readable by the owner only."""
        try:
            return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise self._unwritable(error) from None

    def _opened_pid_file(self) -> TextIO:
        try:
            return self.pid_file.open("a+")
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> CommandError:
        return CommandError(f"--data-dir {self.directory}: {error.strerror}: give a directory that can be written to")

    def port(self, wanted: int | None) -> int:
        """The wanted one, or that of the last run, 6443, any free one: whichever can be had."""
        if wanted is not None:
            if not _is_free(wanted):
                raise CommandError(port_in_use(wanted))
            return wanted
        for candidate in (_port_of(self.kubeconfig), USUAL_PORT):
            if candidate and _is_free(candidate):
                return candidate
        return free_port()


def data_dir_option(place: Place) -> str:
    """For a command that is shown: nothing where the default would find it."""
    return "" if place.directory == Place(None).directory else f" --data-dir {place.directory}"


def already_running(place: Place, pid: str | int) -> str:
    return (
        f"already running in {place.directory} as process {pid}: its kubeconfig is {place.kubeconfig}; "
        f"'argosy down --data-dir {place.directory}' stops it"
    )


def port_in_use(port: int) -> str:
    return f"--port {port}: in use on {HOST}: stop the program that listens there, or choose another port"


def free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def _lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _port_of(kubeconfig: Path) -> int:
    try:
        text = kubeconfig.read_text()
    except OSError:
        return 0
    _, found, rest = text.partition(f"https://{HOST}:")
    digits = rest.partition('"')[0]
    return int(digits) if found and digits.isdigit() else 0
