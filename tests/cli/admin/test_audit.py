"""What a record of the audit log shows in a table."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from argosy.cli.admin.audit import run


@pytest.mark.parametrize(
    ("method", "shown"),
    [
        ("project.ProjectService/CreateToken", "ProjectService/CreateToken"),
        ("POST /sealing/keys", "POST /sealing/keys"),
        ("PATCH /api/argosy/v1/kubernetes/apis/x.io/v1", "PATCH /api/argosy/v1/kubernetes/apis/x.io/v1"),
    ],
    ids=["gRPC", "Argosy's API", "Kubernetes API"],
)
def test_a_record_shows_the_method_of_every_api(
    method: str, shown: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "audit.log").write_text(json.dumps({"method": method, "result": "OK"}) + "\n")
    options = Namespace(data_dir=tmp_path, subject="", method="", object="", failed=False, lines=9, output="text")
    assert run(options) == 0
    assert f" {shown} " in capsys.readouterr().out
