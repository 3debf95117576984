"""`argosy completion`: what the scripts complete."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from argosy.cli.main import main
from argosy.cli.offline.completion import script

COMPLETE = {
    "bash": "source {file}; COMP_WORDS=({words}); COMP_CWORD={last}; _argosy; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
    "zsh": "compdef() {{ : }}; compadd() {{ print -l -- ${{@[2,-1]}} }}; _files() {{ : }}; source {file}; "
    "words=({words}); CURRENT={last}+1; _argosy",
    "fish": 'source {file}; complete -C "{words}"',
}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_their_flags(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}")
    assert main(["completion", shell]) == 0
    (tmp_path / "script").write_text(capsys.readouterr().out)
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]

    environment = {**os.environ, "HOME": str(tmp_path)}

    def completed(*words: str) -> set[str]:
        code = COMPLETE[shell].format(file=tmp_path / "script", words=" ".join(words), last=len(words) - 1)
        command = [shell, *options, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
        return {line.strip() for line in done.stdout.splitlines() if line.strip().startswith(words[-1])}

    assert completed("argosy", "app", "sy") == {"sync"}
    assert completed("argosy", "proj", "role", "add") == {"add-group", "add-policy"}
    assert {"--retry-limit", "--retry-refresh"} <= completed("argosy", "app", "sync", "shop", "--retry")


def test_a_table_has_a_row_for_each_command() -> None:
    assert "['/']='app'\n    ['/app']='list --help'" in script("bash", {"": "app", "app": "list --help"})
    assert "__argosy_paths '/' '/app'" in script("fish", {"": "app", "app": "list"})
