"""Config-management plug-ins: real commands in a real worker, what they see, and what they never see."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from argosy.render.port import RenderError
from argosy.render.workers.boxes import plugin_limits
from argosy.render.workers.process import Limits

FILES = {"app/a.txt": "one", "app/sub/kit.yaml": "x", "base/b.txt": "two"}
ECHO = (
    'printf "apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: m\\ndata:\\n  x: |\\n"; { %s; } | sed "s/^/    /"'
)


def plugin(script: str = "true", /, name: str = "mine", **spec: Any) -> dict[str, Any]:
    generate = {"command": ["sh", "-c"], "args": [ECHO % script]}
    return {"kind": "ConfigManagementPlugin", "metadata": {"name": name}, "spec": {"generate": generate, **spec}}


def printed(bench: Any, files: Any = None, /, block: dict[str, Any] | None = None, **more: Any) -> str:
    source = {"plugin": {"name": "mine"} if block is None else block}
    (found,) = bench.render(files or FILES, source=source, **more).manifests
    return str(found["data"]["x"])


def test_without_the_operators_word_no_plugin_runs(make_bench: Any) -> None:
    with pytest.raises(RenderError, match="no config management plugin is configured"):
        printed(make_bench())
    with pytest.raises(RenderError, match="plugin 'else' is not configured; there are: mine-v1"):
        printed(make_bench(plugins=[plugin(version="v1")]), block={"name": "else"})


def test_a_plugin_works_in_a_copy_of_the_repository_and_leaves_nothing(make_bench: Any, make_tree: Any) -> None:
    tree = make_tree(FILES, {"app/link": "../base/b.txt"})
    bench = make_bench(plugins=[plugin("cat a.txt ../base/b.txt link made", init={"command": ["touch", "made"]})])
    assert printed(bench, tree) == "onetwotwo\n"
    assert not list(Path(tempfile.gettempdir()).glob("plugin-*"))


def test_the_environment_is_the_documented_one_and_nothing_else(
    make_bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_SECRET", "canary-5d1f")
    block = {
        "name": "mine",
        "env": [{"name": "WHO", "value": "$ARGOCD_APP_NAME!"}],
        "parameters": [
            {"name": "one-a", "string": "s"}, {"name": "m", "map": {"k.x": "v"}}, {"name": "l", "array": ["p", "q"]},
        ],
    }  # fmt: skip
    bench = make_bench(plugins=[plugin("env")])
    lines = printed(bench, block=block, kube_version="v1.33.0", api_versions=("v1", "apps/v1")).splitlines()
    found = dict(line.partition("=")[::2] for line in lines)
    assert found["ARGOCD_ENV_WHO"] == "web!"
    assert (found["PARAM_ONE_A"], found["PARAM_M_K_X"], found["PARAM_L_0"], found["PARAM_L_1"]) == ("s", "v", "p", "q")
    assert (found["KUBE_VERSION"], found["KUBE_API_VERSIONS"]) == ("v1.33.0", "v1,apps/v1")
    assert '"one-a"' in found["ARGOCD_APP_PARAMETERS"]
    assert found["ARGOCD_APP_SOURCE_PATH"] == "app"
    known = ("ARGOCD_", "PARAM_", "KUBE_", "HOME", "TMPDIR", "PATH", "LANG", "PWD", "OLDPWD", "SHLVL", "_")
    assert not [name for name in found if not name.startswith(known)]
    assert "canary" not in "".join(lines)


@pytest.mark.parametrize(
    ("discover", "found"),
    [
        ({"fileName": "a.txt"}, True), ({"fileName": "./a.*"}, True), ({"fileName": "b.txt"}, False),
        ({"find": {"glob": "**/kit.yaml"}}, True), ({"find": {"glob": "kit.yaml"}}, False),
        ({"find": {"command": ["sh", "-c", "ls a.txt"]}}, True), ({"find": {"command": ["true"]}}, False),
        ({"find": {"command": ["false"]}}, False), ({}, False),
    ],
)  # fmt: skip
def test_a_plugin_without_a_name_is_discovered(make_bench: Any, discover: dict[str, Any], found: bool) -> None:
    bench = make_bench(plugins=[plugin("echo fits", discover=discover)])
    if found:
        assert printed(bench, block={}) == "fits\n"
        assert printed(bench) == "fits\n"
    else:
        with pytest.raises(RenderError, match="could not find a config management plugin"):
            printed(bench, block={})


def test_a_change_anywhere_in_the_repository_runs_it_again(make_bench: Any) -> None:
    bench = make_bench(plugins=[plugin("cat ../base/b.txt")])
    assert printed(bench) == "two\n"
    assert printed(bench, FILES | {"base/b.txt": "three"}) == "three\n"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["no-such-program"], "no-such-program: No such file"), (["sh", "-c", "echo bad >&2; exit 3"], "with 3: bad"),
        (["echo", "a: ["], "not YAML"), (["echo", "a: b"], "Object 'Kind' is missing"),
        (["head", "-c", "99999999", "/dev/zero"], "plugin 'mine'"),
    ],
)  # fmt: skip
def test_errors_are_reported_with_the_plugins_name(make_bench: Any, command: list[str], message: str) -> None:
    bench = make_bench(plugins=[plugin(generate={"command": command})])
    with pytest.raises(RenderError, match=message):
        printed(bench)


def test_a_plugin_that_does_not_end_is_stopped_with_all_that_it_started(make_bench: Any) -> None:
    bench = make_bench(plugins=[plugin("sleep 6077 & setsid sleep 6077 & wait")], limits=Limits(wall_seconds=1.5))
    with pytest.raises(RenderError, match=r"was stopped after 1\.5 seconds"):
        printed(bench)
    for _ in range(200):
        if not running("sleep\x006077"):
            return
        threading.Event().wait(0.02)
    raise AssertionError("what it started is still running")


def running(command: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found += [process.name] if command in (process / "cmdline").read_text() else []
    return found


@pytest.mark.parametrize("name", ["A=B", "A\0B"])
def test_a_variable_that_cannot_be_one_is_refused(make_bench: Any, name: str) -> None:
    with pytest.raises(RenderError, match="cannot be part of an environment"):
        printed(make_bench(plugins=[plugin()]), block={"name": "mine", "env": [{"name": name, "value": "x"}]})


def test_a_sources_variables_never_replace_the_plugins_own(make_bench: Any) -> None:
    bench = make_bench(plugins=[plugin("echo $PATH")])
    block = {"name": "mine", "env": [{"name": "PATH", "value": "/evil"}]}
    assert "/evil" not in printed(bench, block=block)
    assert os.environ.get("PATH") != printed(bench, block=block).strip()


def test_a_program_elsewhere_runs_once_the_operator_names_its_directory(
    make_bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tools" / "mine"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {x: ran}'\n")
    program.chmod(0o755)
    (tmp_path / "beside").write_text("canary")
    generate = {"command": [str(program)]}
    with pytest.raises(RenderError, match=r"No such file or directory|Permission denied"):
        printed(make_bench(plugins=[plugin(generate=generate)]))
    monkeypatch.setenv("ARGOSY_PLUGIN_PATHS", f"{program.parent}:/nonexistent")
    assert printed(make_bench(plugins=[plugin(generate=generate)])) == "ran"
    assert "canary" not in printed(make_bench(plugins=[plugin(f"cat {tmp_path}/beside 2>&1 || echo gone")]))


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({}, "memory_bytes", 768 << 20), ({"ARGOSY_PLUGIN_MEMORY": "1Gi"}, "memory_bytes", 1 << 30),
        ({"ARGOSY_PLUGIN_DISK": "64Mi"}, "disk_bytes", 64 << 20),
        ({"ARGOSY_PLUGIN_DISK": "x"}, "disk_bytes", 320 << 20),
        ({"ARGOSY_PLUGIN_PROCESSES": "7"}, "tasks", 7), ({"ARGOSY_PLUGIN_PROCESSES": "-1"}, "tasks", 128),
        ({"ARGOSY_PLUGIN_PATHS": "/opt/a:relative:/b"}, "paths", ("/opt/a", "/b")),
    ],
)  # fmt: skip
def test_the_operators_limits_are_read_and_nonsense_counts_as_absent(
    given: dict[str, str], field: str, value: Any
) -> None:
    assert getattr(plugin_limits(given), field) == value
