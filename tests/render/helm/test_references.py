"""A chart's values schema refers to itself, and to nothing of the host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argosy.render.port import RenderError

CHART = {
    "app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "app/values.yaml": "a: 5\n",
    "app/templates/a.yaml": "apiVersion: v1\nkind: C\nmetadata: {name: a}\n",
}


@pytest.fixture
def host_file(tmp_path: Path) -> Path:
    file = tmp_path / "canary.json"
    file.write_text('{"type": "string", "const": "canary-6b2e"}')
    return file


@pytest.mark.parametrize(
    "reference",
    ["file://{}", "{}", "file://{}#/x", "file://localhost{}", "FILE://{}", "../../../../../../..{}", "canary.json",
     "./x", "http://127.0.0.1:1/x", "https://example.com/s.json", "file:///etc/passwd", "//host/x", "file:///nonexistent"],
)  # fmt: skip
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef"])
def test_a_reference_out_of_the_schema_is_refused_by_name(
    shared_bench: Any, host_file: Path, reference: str, keyword: str
) -> None:
    wanted = reference.replace("{}", str(host_file))
    schema = {"properties": {"a": {"allOf": [{keyword: wanted}]}}}
    with pytest.raises(
        RenderError, match=r"values\.schema\.json: properties\.a\.allOf\[0\].*leaves the schema"
    ) as refused:
        shared_bench.render(CHART | {"app/values.schema.json": json.dumps(schema)})
    assert "canary-6b2e" not in str(refused.value)


def test_that_of_a_dependency_too(shared_bench: Any, host_file: Path) -> None:
    inner = {path.replace("app/", "app/charts/d/"): text.replace("name: c", "name: d") for path, text in CHART.items()}
    schema = json.dumps({"$ref": f"file://{host_file}"})
    with pytest.raises(RenderError, match="leaves the schema"):
        shared_bench.render(CHART | inner | {"app/charts/d/values.schema.json": schema})


@pytest.mark.parametrize("reference", ["#/definitions/number", "https://example.com/mine.json#/definitions/number"])
def test_a_reference_inside_is_followed(shared_bench: Any, reference: str) -> None:
    schema: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://example.com/mine.json",
        "definitions": {"number": {"type": "number"}},
        "properties": {"a": {"$ref": reference}},
    }
    files = CHART | {"app/values.schema.json": json.dumps(schema)}
    assert shared_bench.render(files).manifests
    with pytest.raises(RenderError, match="a"):
        shared_bench.render(files | {"app/values.yaml": "a: text\n"})
