"""Answers of foreign hosts are shown up to a limit, and never contain the secrets that the host was sent."""

from __future__ import annotations

import base64

import pytest

from argosy.analysis.arguments import MASK
from argosy.analysis.ports import Broken, Measured
from argosy.analysis.providers.bounds import MESSAGE, METADATA, TEXT
from tests.kit.metrics import HERE, measure


def test_a_long_error_of_a_host_is_cut() -> None:
    reply = {"status": "error", "errorType": "bad_data", "error": "x" * 100_000}
    answer, _ = measure("prometheus", {"address": HERE, "query": "up"}, reply)
    assert isinstance(answer, Broken)
    assert answer.message.startswith("bad_data: xxx")
    assert len(answer.message) < MESSAGE + 50


def test_a_long_value_is_judged_whole_and_shown_in_part() -> None:
    answer, _ = measure("web", {"url": f"{HERE}/m", "jsonPath": "{$.a}"}, {"a": "x" * 100_000})
    assert isinstance(answer, Measured)
    assert len(str(answer.value)) == 100_000
    assert len(answer.text) < TEXT + 50
    assert answer.text.endswith("more characters)")


def test_long_warnings_are_cut() -> None:
    data = {"resultType": "scalar", "result": [0, "1"]}
    reply = {"status": "success", "warnings": ["w" * 100_000], "data": data}
    answer, _ = measure("prometheus", {"address": HERE, "query": "up"}, reply)
    assert isinstance(answer, Measured)
    assert len(answer.metadata["warnings"]) < METADATA + 50


PASSWORD = "correct horse battery"  # of nobody
BASIC = base64.b64encode(f"me:{PASSWORD}".encode()).decode()


@pytest.mark.parametrize("echoed", [PASSWORD, BASIC, f"Basic {BASIC}"])
def test_a_host_that_answers_with_the_password_that_it_was_sent_has_it_masked(echoed: str) -> None:
    spec = {"address": HERE, "query": "up", "authentication": {"basicAuth": {"username": "me", "password": PASSWORD}}}
    answer, _ = measure("prometheus", spec, {"status": "error", "errorType": "e", "error": f"you sent {echoed}!"})
    assert answer == Broken(message=f"e: you sent {MASK}!")


def test_a_host_that_answers_with_a_token_has_it_masked_in_the_value_too() -> None:
    oauth2 = {"tokenUrl": f"{HERE}/token", "clientId": "id", "clientSecret": "s"}
    spec = {
        "url": f"{HERE}/m",
        "authentication": {"oauth2": oauth2},
        "headers": [{"key": "X-Api-Key", "value": "k-123456"}],
    }
    answer, _ = measure("web", spec, {"access_token": "fetched-token"}, {"seen": ["fetched-token", "k-123456"]})
    assert isinstance(answer, Measured)
    assert answer.text == f'{{"seen":["{MASK}","{MASK}"]}}'
