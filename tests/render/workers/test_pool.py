"""Render workers: confined, killed when they misbehave, replaced, and never more than one failed rendering."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from argosy.machinery.pieces import finished
from argosy.render.port import RenderError
from argosy.render.workers.conversation import parse_manifests
from argosy.render.workers.process import Limits, WorkerLost

GOOD = {"app/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}
CHART = {"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n"}
ENDLESS = CHART | {"app/templates/a.yaml": "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"}
HUNGRY = CHART | {
    "app/templates/a.yaml": '{{ $l := list "x" }}{{ range until 40 }}{{ $l = concat $l $l }}{{ end }}{{ len $l }}'
}


def worker_of(bench: Any) -> Any:
    (worker,) = bench.pool._all
    return worker


def test_a_worker_killed_in_the_middle_is_one_failed_rendering(make_bench: Any) -> None:
    bench = make_bench()
    bench.render(GOOD)
    pid = worker_of(bench)._process.pid
    threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
    with pytest.raises(WorkerLost, match="killed by signal 9"):
        bench.render(ENDLESS)
    assert bench.render(GOOD, use_cache=False).manifests
    assert bench.pool.started == 2


def test_a_rendering_without_end_is_stopped_at_the_wall_clock(make_bench: Any) -> None:
    bench = make_bench(limits=Limits(wall_seconds=1.0))
    with pytest.raises(RenderError, match="was stopped after 1 seconds"):
        bench.render(ENDLESS)
    assert bench.render(GOOD).manifests


def test_a_rendering_that_eats_memory_is_stopped_at_the_limit(make_bench: Any) -> None:
    bench = make_bench(limits=Limits(memory_bytes=200 * 1024 * 1024))
    with pytest.raises(RenderError, match=r"the limit is 200 MiB|killed by signal|ended with status"):
        bench.render(HUNGRY)
    assert bench.render(GOOD).manifests


def test_workers_start_when_needed_and_stop_when_idle(make_bench: Any) -> None:
    bench = make_bench()
    assert bench.pool.started == 0
    bench.render(GOOD)
    directory = worker_of(bench)._directory
    assert directory.exists()
    bench.pool.stop_idle()
    assert not bench.pool._all
    assert not directory.exists()
    assert bench.render(GOOD, use_cache=False).manifests


def test_a_worker_is_replaced_after_its_number_of_jobs(make_bench: Any) -> None:
    bench = make_bench(limits=Limits(jobs=3))
    for _ in range(7):
        bench.render(GOOD, use_cache=False)
    assert bench.pool.started == 3


def test_closing_the_pool_ends_running_jobs(make_bench: Any, make_request: Any) -> None:
    bench = make_bench()

    async def close_while_running() -> None:
        running = asyncio.get_running_loop().create_task(bench.renderer.render(make_request(ENDLESS)))
        while not bench.pool._all:
            await asyncio.to_thread(threading.Event().wait, 0.05)
        await asyncio.to_thread(threading.Event().wait, 0.3)
        await asyncio.to_thread(bench.pool.close)
        with pytest.raises(WorkerLost):
            await running

    asyncio.run(close_while_running())


def test_a_worker_holds_nothing_of_ours(make_bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "canary-value")
    secret = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(secret, True)
    bench = make_bench()
    bench.render(GOOD)
    process = Path(f"/proc/{worker_of(bench).program_pid}")
    environment = process.joinpath("environ").read_bytes()
    assert b"canary-value" not in environment
    assert b"PROXY" not in environment.upper()
    held = {str(link.readlink()) for link in process.joinpath("fd").iterdir()}
    os.close(secret)
    known = ("pipe:", "/dev/null", "/proc/", f"/{worker_of(bench).program_pid}/statm")
    assert all(name.startswith(known) for name in held), held


def test_a_worker_has_no_network_where_the_system_lets_go_of_it(make_bench: Any) -> None:
    bench = make_bench()
    bench.render(GOOD)
    worker = worker_of(bench)
    if "network" not in worker.held:
        pytest.skip("this system does not let a process give up its network")
    own, theirs = (Path(f"/proc/{pid}/ns/net").readlink() for pid in ("self", worker.program_pid))
    assert own != theirs


def test_templates_cannot_reach_files_or_environment(make_bench: Any) -> None:
    bench = make_bench()
    for template, result in (
        ('{{ .Files.Get "/etc/passwd" }}', ""),
        ('{{ .Files.Get "../secret" }}', ""),
        ('{{ getHostByName "example.com" }}', ""),
        ('{{ lookup "v1" "Secret" "" "" | len }}', "0"),
    ):
        text = "apiVersion: v1\nkind: C\nmetadata: {name: a}\nx: " + f"'{template}'\n"
        (found,) = bench.render(CHART | {"app/templates/a.yaml": text, "secret": "canary"}).manifests
        assert found["x"] == result
    for function in ("env", "expandenv"):
        with pytest.raises(RenderError, match="not defined"):
            bench.render(CHART | {"app/templates/a.yaml": f'{{{{ {function} "HOME" }}}}'})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"[]", "no apiVersion or no kind"),
        (b"3", "no apiVersion or no kind"),
        (b'{"kind": "A"}', "no apiVersion or no kind"),
        (b'{"kind": "A", "apiVersion": 1}', "no apiVersion or no kind"),
        (b"{", "."),
        (b'{"kind":"A","apiVersion":"v1"}\n', "."),
    ],
)
def test_an_answer_that_is_no_object_in_each_line_is_refused(body: bytes, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        finished(parse_manifests(body))


def test_more_objects_than_the_limit_are_refused_unread() -> None:
    line = b'{"kind":"A","apiVersion":"v1"}'
    assert len(finished(parse_manifests(b"\n".join([line] * 3), 3))) == 3
    with pytest.raises(ValueError, match=r"4 objects, more than the limit of 3 \(reposerver.max.source.objects\)"):
        finished(parse_manifests(b"\n".join([line] * 3 + [b"not even JSON"]), 3))


def test_a_rendering_that_kills_its_worker_is_not_tried_for_ever(make_bench: Any) -> None:
    bench = make_bench(limits=Limits(wall_seconds=0.5))
    for rest in (0, 30, 60):
        bench.clock.advance(seconds=rest)
        with pytest.raises(WorkerLost):
            bench.render(ENDLESS)
        bench.clock.advance(seconds=rest - 1 if rest else 0)
        with pytest.raises(RenderError, match=r"^Manifest generation error \(cached\)"):
            bench.render(ENDLESS)
        bench.clock.advance(seconds=1 - rest if rest else 0)
    with pytest.raises(WorkerLost):
        bench.render(ENDLESS | {"app/new": "another commit may be better"})
