"""`argosy up` and `argosy down`: one process in one data directory, in the foreground or detached."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from argosy import __version__
from argosy.cli.failing import CommandError, Exit
from argosy.cli.place import HOST, Place, already_running, data_dir_option, free_port, port_in_use

if TYPE_CHECKING:  # only for the process in the foreground: its detaching parent does not need it
    from argosy.cli.process import Embedded
    from argosy.machinery.status import StatusError
    from argosy.observe.watchdog import Watchdog
    from argosy.runtime.chance import Rng
    from argosy.runtime.clock import Clock

READY_SECONDS = 180
FILES = 65_536
THREADS = 64
"""For what others may keep waiting, such as the names of hosts."""
STOP_SECONDS = 40
LOG_LINES = 15


class Running(Protocol):
    """What has started: a server alone, or one with controllers."""

    async def wait_ready(self, clock: Clock) -> None: ...

    def warm_up(self) -> None:
        """Loads what was left out for a quick start."""


R = TypeVar("R", bound=Running)
Open = Callable[[Path, str, int, "Clock", "Rng"], AbstractAsyncContextManager[R]]
"""Starts in a data directory, on a host and a port; all ends with the block."""
Then = Callable[[R, Place], Coroutine[Any, Any, None]]
"""What else to do when all is ready; cancelled at the end."""


def run(options: argparse.Namespace) -> int:
    return start(options, "up", with_controllers(options), _introduce)


def with_controllers(options: argparse.Namespace) -> Open[Embedded]:
    """Imported when it is called: a parent that detaches needs none of it."""

    def opened(data_dir: Path, host: str, port: int, clock: Clock, rng: Rng) -> AbstractAsyncContextManager[Embedded]:
        from argosy.cli.assembly.server_part import ServerOptions
        from argosy.cli.process import embedded

        server = ServerOptions(port=options.server_port, insecure=options.server_insecure)
        return embedded(data_dir, host, port, clock, rng, server_options=server)

    return opened


def start(options: argparse.Namespace, command: str, opened: Open[R], then: Then[R]) -> int:
    """Runs in the foreground until a signal comes, or leaves a process behind that does."""
    place = Place(options.data_dir)
    if options.detach:
        return _detach(options, command, place)
    from argosy.observe.garbage import put_off

    put_off()
    with _reporting_full_disk(place), place.held():
        port = place.port(options.port)
        _set_up_logging(options)
        from argosy.machinery.status import StatusError

        try:
            _watched(place, port, options, opened, then)
        except StatusError as error:
            raise not_begun(place, error) from None
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            if error.errno != errno.EADDRINUSE:
                raise CommandError(str(error)) from None
            if options.port is not None:
                raise CommandError(port_in_use(port)) from None
            # Somebody took the port since we looked; nobody asked for this one.
            _watched(place, free_port(), options, opened, then)
    return Exit.OK


@contextmanager
def _reporting_full_disk(place: Place) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        text = f"the disk of {place.directory} is full: make room there, 16 MiB at least, and start again"
        raise CommandError(text) from None


def not_begun(place: Place, error: StatusError) -> Exception:
    """Its own objects could not be stored."""
    from argosy.cluster.store.store import FULL

    if FULL in error.message:
        return OSError(errno.ENOSPC, FULL)
    return CommandError(f"--data-dir {place.directory}: {error.message}")


def _watched(place: Place, port: int, options: argparse.Namespace, opened: Open[R], then: Then[R]) -> None:
    """On a loop whose turns are measured."""
    from argosy.observe.watchdog import Watchdog, limit_of

    watchdog = Watchdog(limit_of(os.environ))
    with asyncio.Runner(loop_factory=watchdog.new_loop) as runner:
        runner.run(_serve(place, port, options, opened, then, watchdog))


async def _serve(
    place: Place, port: int, options: argparse.Namespace, opened: Open[R], then: Then[R], watchdog: Watchdog
) -> None:
    stop = stop_on_signals()
    _raise_file_limit()
    from argosy.observe.garbage import Garbage
    from argosy.observe.process import register_process
    from argosy.runtime.chance import SystemRng
    from argosy.runtime.clock import RealClock

    clock = RealClock()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="work"))
    register_process(__version__, clock.now().timestamp())
    async with opened(place.directory, HOST, port, clock, SystemRng()) as running:
        if not await until_stopped(stop, running.wait_ready(clock)):
            return
        if not await until_stopped(stop, then(running, place)):
            return
        if options.ready_fd is not None:
            os.write(options.ready_fd, b"ready\n")
            os.close(options.ready_fd)
        running.warm_up()
        async with asyncio.TaskGroup() as tasks:
            cleaning = tasks.create_task(Garbage().run(clock))
            await clock.sleep(0)
            with watchdog.watching():
                await stop.wait()
            cleaning.cancel()
        if sys.stdout.isatty():
            print("\nStopping; once more stops at once.", flush=True)


async def until_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, Any]) -> bool:
    """Whether the work was done before the signal came."""
    try:
        async with asyncio.TaskGroup() as tasks:
            doing, stopping = tasks.create_task(work), tasks.create_task(stop.wait())
            await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
            doing.cancel()
            stopping.cancel()
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    return not doing.cancelled()


def stop_on_signals() -> asyncio.Event:
    """The first signal stops in good order, the second at once: what was acknowledged is on disk already."""
    stop = asyncio.Event()

    def heard(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, heard, number)
    return stop


def _raise_file_limit() -> None:
    """As many open files as this user may have: each watch is a connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _set_up_logging(options: argparse.Namespace) -> None:
    from argosy.cli.assembly.traces import set_up_tracing
    from argosy.observe.logs import set_up_logging

    set_up_logging(style=options.log_format, level=options.log_level)
    set_up_tracing("argosy")


async def _introduce(running: Embedded, place: Place) -> None:
    assert running.api is not None
    print(introduction(running.server.url, running.api.url, place), flush=True)


def introduction(url: str, api: str, place: Place) -> str:
    return f"""Argosy is ready.

  API server   {url}
  kubeconfig   {place.kubeconfig}
  page, API    {api}   (user admin; 'argosy admin initial-password{data_dir_option(place)}' shows the password)

Try next:

  export KUBECONFIG={place.kubeconfig}
  kubectl get nodes
  kubectl apply -f your-application.yaml     # an Application, argoproj.io/v1alpha1
  kubectl get applications -n argocd -w
  argosy app list{data_dir_option(place)}

{_how_to_stop(place)}"""


def _how_to_stop(place: Place) -> str:
    return f"Stop it with Ctrl-C or 'argosy down{data_dir_option(place)}'."


# -- detached ----------------------------------------------------------------------------------------------------------


def _detach(options: argparse.Namespace, command: str, place: Place) -> int:
    place.make()
    if pid := place.running():
        raise CommandError(already_running(place, pid))
    place.port(options.port)  # says at once that a port is in use
    reading, writing = os.pipe()
    log = place.open_log()
    began = place.log.stat().st_size
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "argosy.cli.main", command, *_arguments(options, place), "--ready-fd", str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(writing,),
            start_new_session=True,
        )
    finally:
        os.close(writing)
        os.close(log)
    ready = _await_ready(reading)
    os.close(reading)
    if not ready:
        with suppress(ProcessLookupError):
            child.terminate()
        raise CommandError(f"did not become ready; {place.log} ends with:\n{_tail(place.log, began)}")
    sys.stdout.write(_since(place.log, began))
    print(f"It runs in the background as process {child.pid}; its log is {place.log}.")
    child.returncode = 0  # it continues without us, and nobody waits for it
    return Exit.OK


def _arguments(options: argparse.Namespace, place: Place) -> list[str]:
    given = ["--data-dir", str(place.directory), "--log-level", options.log_level, "--log-format", options.log_format]
    given += [] if options.port is None else ["--port", str(options.port)]
    if getattr(options, "server_port", None) is not None:
        given += ["--server-port", str(options.server_port)]
    given += ["--server-insecure"] if getattr(options, "server_insecure", False) else []
    given += ["--no-crds"] if getattr(options, "no_crds", False) else []
    port = getattr(options, "prometheus_port", None)
    return given if port is None else [*given, "--prometheus-port", str(port)]


def _await_ready(reading: int) -> bool:
    """The child reports readiness through the pipe, or exits, which closes it."""
    found, _, _ = select.select([reading], [], [], READY_SECONDS)
    return bool(found) and os.read(reading, 16).startswith(b"ready")


def _since(log: Path, began: int) -> str:
    """What the child has said: the same as in the foreground."""
    with log.open(errors="replace") as file:
        file.seek(began)
        return file.read()


def _tail(log: Path, began: int) -> str:
    return "\n".join(_since(log, began).splitlines()[-LOG_LINES:])


# -- down --------------------------------------------------------------------------------------------------------------


def stop(options: argparse.Namespace) -> int:
    place = Place(options.data_dir)
    pid = place.running()
    if not pid:
        print(f"Nothing runs in {place.directory}.")
        return Exit.OK
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return Exit.OK
    except PermissionError:
        raise CommandError(f"process {pid} belongs to another user") from None
    if not _has_ended(place, pid):
        raise CommandError(f"process {pid} has not stopped within {STOP_SECONDS} s; 'kill -9 {pid}' loses nothing")
    print(f"Stopped process {pid}.")
    return Exit.OK


def _has_ended(place: Place, pid: int) -> bool:
    for _ in range(STOP_SECONDS * 20):
        if place.running() != pid:
            return True
        select.select([], [], [], 0.05)
    return False
