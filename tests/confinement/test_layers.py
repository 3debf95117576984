"""Which promises hold by which layers."""

from __future__ import annotations

import subprocess

import pytest

from argosy.confinement import layers, tree


def test_any_of_its_layers_keeps_a_promise_and_none_breaks_it() -> None:
    for promise, (kept_by, told) in layers.PROMISES.items():
        assert all(layers.is_kept(promise, {layer}) for layer in kept_by)
        assert layers.broken([promise], set(layers.LAYERS) - set(kept_by)) == [told]


def test_everything_together_breaks_nothing() -> None:
    assert not layers.broken(list(layers.PROMISES), layers.LAYERS)


def test_processes_below_one_are_found_whether_the_kernel_lists_them_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["sh", "-c", "sleep 60 & echo started; wait"], stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        found = tree.below(shell.pid)
        monkeypatch.setattr(tree, "_LISTS_CHILDREN", False)
        assert sorted(tree.below(shell.pid)) == sorted(found)
        assert len(found) == 2
        tree.end(shell.pid)
        shell.wait(5)
        assert tree.resident_bytes(found) == 0
