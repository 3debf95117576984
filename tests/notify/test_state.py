from __future__ import annotations

import orjson
import pytest

from argosy.notify.configuration import Destination
from argosy.notify.state import ANNOTATION, condition_hash, read_state, state_key, written


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("true", "X_5TO4MPCKAyY0ipFgr6_IraRNs"),
        ("app.status.sync.status == 'Unknown'", "6SzWb05EK-0v90hwjyytTbN7S6A"),
        ("app.status.health.status == 'Degraded'", "zoG5zUjYGjimkwCGgIQGjx1hO5s"),
        ("app.metadata.deletionTimestamp != nil", "BmlU8P6R19BGtNv5gj8udVypmxQ"),
    ],
)
def test_a_condition_is_identified_by_the_hash_that_upstream_writes(when: str, expected: str) -> None:
    assert condition_hash(when) == expected


def test_a_state_key_names_occurrence_namespace_trigger_condition_and_destination() -> None:
    slack = Destination("slack", "#x")
    key = state_key(slack, trigger="on-created", index=0, when="true", once_per="a")
    own = state_key(slack, trigger="on-created", index=0, when="true", once_per="a", namespace="team")

    assert key == "a:on-created:[0].X_5TO4MPCKAyY0ipFgr6_IraRNs:slack:#x"
    assert own == "a:team:on-created:[0].X_5TO4MPCKAyY0ipFgr6_IraRNs:slack:#x"


@pytest.mark.parametrize("text", ["", "[", "[1]", '{"a": "b"}', '{"a": 1.5}', '{"a": true}'])
def test_an_unreadable_state_is_empty(text: str) -> None:
    assert read_state({ANNOTATION: text}) == {}


def test_of_a_hundred_and_one_keys_the_oldest_is_dropped() -> None:
    text = written({f"key-{number}": number for number in range(101)})

    assert text is not None
    assert "key-0" not in orjson.loads(text)
    assert len(orjson.loads(text)) == 100


def test_a_key_whose_condition_holds_is_not_dropped_for_its_age() -> None:
    state = {f"key-{number}": number for number in range(150)}
    holding = {f"key-{number}" for number in range(120)}

    text = written(state, holding)

    assert text is not None
    assert set(orjson.loads(text)) == holding
