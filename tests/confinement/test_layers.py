"""Which promises hold by which layers."""

from __future__ import annotations

from argosy.confinement import layers


def test_any_of_its_layers_keeps_a_promise_and_none_breaks_it() -> None:
    for promise, (kept_by, told) in layers.PROMISES.items():
        assert all(layers.is_kept(promise, {layer}) for layer in kept_by)
        assert layers.broken([promise], set(layers.LAYERS) - set(kept_by)) == [told]


def test_everything_together_breaks_nothing() -> None:
    assert not layers.broken(list(layers.PROMISES), layers.LAYERS)
