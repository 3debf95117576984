"""`argosy doctor`: what it tries, what it finds to fix, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argosy.cli.main import main
from argosy.cli.offline import doctor
from argosy.confinement.selftest import Findings


def found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    status = main(["doctor", "--data-dir", str(tmp_path), "-o", "json"])
    return status, json.loads(capsys.readouterr().out)


def test_it_tries_the_kernels_means_and_shows_limits_directory_tls_and_versions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, findings = found(tmp_path / "none", capsys)
    about = {item["about"] for item in findings}
    assert about == {"confinement", "limits", "data directory", "TLS", "versions"}
    assert any(item["text"].startswith("tried: it reaches no other process") for item in findings)


def test_a_directory_that_others_can_read_is_to_be_fixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "kubeconfig").write_text("x")
    (tmp_path / "kubeconfig").chmod(0o644)
    status, findings = found(tmp_path, capsys)
    told = [item["text"] for item in findings if item["state"] == "bad"]
    assert status == 1
    assert f"{tmp_path}: has mode 0755, others can look inside: chmod 700 {tmp_path}" in told
    assert f"{tmp_path}/kubeconfig: has mode 0644: chmod 600 {tmp_path}/kubeconfig" in told


def test_a_kernel_without_support_is_reported_with_the_consequences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"files": False, "sockets": True, "signals": True, "processes": False, "disk": False, "ends": True}
    monkeypatch.setattr(doctor, "tried", lambda: Findings(held=frozenset({"seccomp"}), kept=kept))
    status, findings = found(tmp_path / "none", capsys)
    told = {item["text"]: item["state"] for item in findings}
    assert status == 1
    assert told["landlock: this kernel does not let us"] == "without"
    assert told["tried, and not so: a program that is not trusted sees no files but its own"] == "bad"
    assert told["tried, and not so: the kernel limits its disk; it is measured while it runs"] == "without"
    assert told["config-management plug-ins are refused here"] == "bad"
