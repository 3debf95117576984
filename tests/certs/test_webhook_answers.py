"""What may be stored, as upstream's webhook answered to the same objects: the same fields and reasons."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from argosy.certs.admission.review import Asked, review

ANSWERS: Final[list[dict[str, Any]]] = json.loads(Path(__file__).with_name("webhook_answers.json").read_text())
KINDS_OF_REASON: Final = (
    "Required value|Invalid value|Forbidden|Duplicate value|Unsupported value|Too long|Too many|Not found"
)


@pytest.mark.parametrize("case", ANSWERS, ids=[case["name"] for case in ANSWERS])
def test_a_spec_is_refused_for_the_fields_that_upstream_names(case: dict[str, Any]) -> None:
    metadata = {"name": "x"} if case["kind"] == "ClusterIssuer" else {"name": "x", "namespace": "default"}
    obj = {"apiVersion": "cert-manager.io/v1", "kind": case["kind"], "metadata": metadata, "spec": case["spec"]}
    verdict = review(Asked(group="cert-manager.io", kind=case["kind"], obj=obj, user={"username": "bob"}))
    told = re.findall(rf"(spec[\w.\[\]]*: (?:{KINDS_OF_REASON}))", verdict.refusal) if verdict.errors else []
    assert sorted(told) == sorted(case["errors"])
    assert len(verdict.warnings) == case["warnings"]
    assert bool(verdict.errors) == bool(case["errors"])
