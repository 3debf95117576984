"""The self-test is right: each attempt fails in a sandbox, and succeeds without the layer that prevents it."""

from __future__ import annotations

import pytest

from argosy.confinement import layers
from argosy.confinement.selftest import tried


def test_with_all_layers_every_promise_is_kept() -> None:
    found = tried()
    assert not found.problem
    if set(layers.LAYERS) <= found.held:
        assert all(found.kept.values())
        assert found.runs_plugins


@pytest.mark.parametrize(
    ("promise", "without"),
    [
        (layers.FILES, (layers.VIEW, layers.LANDLOCK, layers.USER)),
        (layers.SOCKETS, (layers.NETWORK, layers.SECCOMP, layers.LANDLOCK)),
        (layers.SIGNALS, (layers.PIDS, layers.LANDLOCK, layers.USER)),
        (layers.COUNT, (layers.USER,)),
        (layers.DISK, (layers.VIEW,)),
    ],
)
def test_what_no_layer_keeps_is_seen_to_be_possible(promise: str, without: tuple[str, ...]) -> None:
    assert tried(without).kept[promise] is False
