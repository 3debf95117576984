"""What the write that ends an operation leaves of what was compared before."""

from __future__ import annotations

import pytest

from argosy.gitops.sync.operation_state import completion
from argosy.machinery.objects import JsonObject

END = "2030-01-01T00:00:05Z"


def status_after(reconciled: str) -> JsonObject:
    app: JsonObject = {"metadata": {"name": "web"}, "spec": {}, "status": {"reconciledAt": reconciled}}
    state: JsonObject = {"phase": "Failed", "operation": {}, "finishedAt": END}
    return dict(completion(app, state, END)["status"])


@pytest.mark.parametrize("reconciled", [END, "2030-01-01T00:00:06Z"])
def test_a_comparison_of_the_same_second_does_not_pass_for_one_after_the_end(reconciled: str) -> None:
    assert status_after(reconciled)["reconciledAt"] is None


@pytest.mark.parametrize("reconciled", ["2030-01-01T00:00:04Z", ""])
def test_one_that_is_plainly_older_stays(reconciled: str) -> None:
    assert "reconciledAt" not in status_after(reconciled)
