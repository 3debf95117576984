"""A process that `starter.py` started, presented as if it were our child; and the single starter of this process."""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, Protocol

import argosy

BOOT: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from argosy.confinement.launch.starter import main; main()"
)
ROOT: Final = str(Path(argosy.__file__).parents[1])
END_SECONDS: Final = 2.0


class Process(Protocol):
    """The part of `subprocess.Popen` that is needed."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None
    returncode: Any

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def kill(self) -> None: ...

    def terminate(self) -> None: ...

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]: ...  # noqa: A002


class RemoteProcess:
    """Safe to use from several threads."""

    def __init__(self, pid: int, handle: int, ends: int, stdout: IO[bytes] | None) -> None:
        self.pid = pid
        self.stdin: IO[bytes] | None = None
        self.stderr: IO[bytes] | None = None
        self.stdout = stdout
        self.returncode: int | None = None
        self._handle, self._end_pipe = handle, ends
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._ended(timeout)
        if status is None:
            raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0.0)
        return status

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:  # noqa: A002
        """Its output, once it has ended. No input can be given here."""
        assert input is None
        expired = threading.Event()
        late = threading.Timer(timeout or 0.0, self._expire, (expired,)) if timeout else None
        if late:
            late.daemon = True
            late.start()
        try:
            output = self.stdout.read() if self.stdout and not self.stdout.closed else b""
            self.wait()
        finally:
            if late:
                late.cancel()
        if self.stdout:
            self.stdout.close()
        if expired.is_set():
            raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0.0)
        return output, b""

    def _expire(self, expired: threading.Event) -> None:
        expired.set()
        self.kill()

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is not None:
            return self.returncode
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        if not poll.poll(None if timeout is None else timeout * 1000):
            return None
        with self._lock:
            if self.returncode is None:
                told = self._read_end()
                status = int.from_bytes(told, sys.byteorder) if told else signal.SIGKILL
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def _read_end(self) -> bytes:
        """It is available by now, or never will be."""
        try:
            return os.read(self._end_pipe, 4)
        except BlockingIOError:
            return b""

    def _signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._handle, number)

    def __del__(self) -> None:
        for descriptor in (self._handle, self._end_pipe):
            with contextlib.suppress(OSError):
                os.close(descriptor)


class Starter:
    """`start` from any thread. Raises OSError when no starter is available."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, description: bytes, streams: Sequence[int], tells: int, gate: int | None) -> tuple[int, int, int]:
        """Its process, its pidfd, and where its end will be reported."""
        ends, told = os.pipe()
        os.set_blocking(ends, False)
        attached = [*streams, tells, told, *([] if gate is None else [gate])]
        try:
            with self._lock:
                return (*self._request(description, attached), ends)
        except BaseException:
            os.close(ends)
            raise
        finally:
            os.close(told)

    @property
    def pid(self) -> int:
        """0 while there is none."""
        return self._process.pid if self._process else 0

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _request(self, description: bytes, attached: list[int]) -> tuple[int, int]:
        """Retries once with a new starter if the old one has been killed."""
        for _ in range(2):
            channel = self._opened()
            try:
                socket.send_fds(channel, [description], attached)
                answer, found, _, _ = socket.recv_fds(channel, 4, 1)
            except OSError:
                self._drop()
                continue
            if answer and found:
                return int.from_bytes(answer, sys.byteorder), found[0]
            self._drop()
        raise OSError("no program can be started")

    def _opened(self) -> socket.socket:
        if self._channel is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", BOOT, ROOT, str(theirs.fileno())],
                    cwd="/",
                    env={"PATH": os.defpath},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            self._channel = ours
        return self._channel

    def _drop(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_SECONDS)
            if self._process.returncode is None:
                self._process.kill()
                self._process.wait()
            self._process = None


STARTER: Final = Starter()
atexit.register(STARTER.close)
