"""An expression decides whether artefacts become Freight; its errors are reported."""

from __future__ import annotations

import pytest

from argosy.apis.kargo.warehouse import DiscoveredArtifacts
from argosy.apis.schema import read
from argosy.promotion.warehouses.criteria import CriteriaFault, satisfied

REFERENCES = [{"tag": "1.2.0", "digest": "sha256:1"}]
FOUND = read(DiscoveredArtifacts, {"images": [{"repoURL": "example/web", "references": REFERENCES}]})


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("", True),
        ("  ", True),
        ("imageFrom('example/web').Tag == '1.2.0'", True),
        ("imageFrom('example/web').Tag == '1.3.0'", False),
        ("'T'", True),
        ("1", True),
        ("0", False),
        ("imageFrom('example/other') == nil", True),
    ],
)
def test_bools_and_what_go_takes_for_one_decide(expression: str, answer: bool) -> None:
    assert satisfied(expression, FOUND) is answer


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("imageFrom(", "error compiling expression: "),
        ("imageFrom('example/other').Tag == ''", "error running expression: "),
        ("'maybe'", 'result "maybe" as bool: strconv.ParseBool: parsing "maybe": invalid syntax'),
        ("5", 'parsing "5": invalid syntax'),
    ],
)
def test_what_gives_no_bool_is_reported(expression: str, told: str) -> None:
    with pytest.raises(CriteriaFault) as fault:
        satisfied(expression, FOUND)

    assert told in str(fault.value)
