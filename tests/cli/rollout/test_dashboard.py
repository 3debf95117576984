"""`argosy rollout dashboard` shows where the page is, and serves it only if no server is chosen."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path

import pytest

from argosy.cli import server
from argosy.cli.main import main
from argosy.cli.place import free_port


def test_the_page_of_the_chosen_server_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "dashboard", "--server", "argosy.example"]) == 0
    assert capsys.readouterr().out == "https://argosy.example/rollouts\n"


def test_a_cluster_without_a_server_is_served_on_loopback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[argparse.Namespace] = []

    def served(options: argparse.Namespace) -> int:
        given.append(options)
        return 0

    monkeypatch.setattr(server, "run", served)
    kubeconfig, port = tmp_path / "kubeconfig", free_port()
    assert main(["rollout", "dashboard", "--kubeconfig", str(kubeconfig), "-p", str(port)]) == 0
    (options,) = given
    assert (options.address, options.kubeconfig, options.insecure) == (f"127.0.0.1:{port}", kubeconfig, True)
    assert f"http://127.0.0.1:{port}/rollouts" in capsys.readouterr().out


def test_a_port_in_use_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["rollout", "dashboard", "--kubeconfig", str(tmp_path / "kubeconfig"), "-p", port]) == 1
    assert f"--port {port}: in use" in capsys.readouterr().err


def test_another_path_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "dashboard", "--root-path", "/delivery"]) == 1
    assert "--root-path '/delivery': the page of Rollouts is always at /rollouts" in capsys.readouterr().err
