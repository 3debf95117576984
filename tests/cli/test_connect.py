"""Which server a command talks to: a sign-in only where the command has `--server`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from argosy.cli.connect import chosen_server


@pytest.mark.parametrize(
    ("options", "server"),
    [
        (Namespace(server="", kubeconfig=None, context=""), "cd.example.com"),
        (Namespace(server="other.example.com", kubeconfig=None, context=""), "other.example.com"),
        (Namespace(server="", kubeconfig=Path("kubeconfig"), context=""), ""),
        (Namespace(server="", kubeconfig=None, context="staging"), ""),
        (Namespace(server="", kubeconfig=None, context="", core=True), ""),
        (Namespace(kubeconfig=None, context=""), ""),
    ],
    ids=["variable", "flag", "kubeconfig", "context", "core", "command without the flag"],
)
def test_the_variable_chooses_a_sign_in_unless_the_command_says_otherwise(
    options: Namespace, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGOSY_SERVER", "cd.example.com")
    assert chosen_server(options) == server
