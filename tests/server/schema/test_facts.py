"""The fact file is what the recorded schema says."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from argosy.server.schema import facts

DATA = Path(__file__).parents[4] / "shared/data"
needs_data = pytest.mark.skipif(
    not (DATA / "argo-cd/grpc/schema.json").exists(), reason=f"no recorded schema in {DATA}"
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[3] / "scripts/api_facts.py"
    spec = importlib.util.spec_from_file_location("api_facts", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_data
def test_the_committed_file_is_not_stale(script: ModuleType) -> None:
    schema = json.loads((DATA / "argo-cd/grpc/schema.json").read_text())
    kept = script.modes_of(json.loads(script.TARGET.read_text()))
    assert script.TARGET.read_text() == script.text_of(script.facts_of(schema, kept))


def test_every_type_that_a_field_has_is_known() -> None:
    known = json.loads(Path(facts.__file__).with_name("facts.json").read_text())["messages"]
    used = {field.type for name in known for field in facts.message(name).fields}
    assert used - facts.SCALARS - known.keys() == {facts.IGNORED}


def test_a_field_without_a_tag_has_the_name_of_its_structure(script: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "types.go"
    source.write_text(
        'type Thing struct {\n\tOwn string `protobuf:"bytes,1,opt,name=own"`\n'
        '\tBase `json:",inline" protobuf:"bytes,2,opt,name=base"`\n'
        '\tMeta `json:"metadata,omitempty" protobuf:"bytes,3,opt,name=meta"`\n}\n'
    )
    assert script._structs(source, "x")["x.Thing"] == {
        1: ("string", "Own", ""),
        2: ("Base", "", "inline"),
        3: ("Meta", "metadata", "omitempty"),
    }
