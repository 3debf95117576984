"""What the operator says about fetching."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.sources.oci import LAYERS
from argosy.sources.settings import UNLIMITED, source_settings


@pytest.mark.parametrize(
    ("parameters", "environment", "field", "value"),
    [
        ({}, {}, "submodules", True),
        ({"reposerver.enable.git.submodule": "false"}, {}, "submodules", False),
        ({}, {"ARGOCD_GIT_MODULES_ENABLED": "false"}, "submodules", False),
        ({"reposerver.enable.git.submodule": "true"}, {"ARGOCD_GIT_MODULES_ENABLED": "false"}, "submodules", True),
        ({}, {}, "allow_links_out", False),
        ({"reposerver.allow.oob.symlinks": "true"}, {}, "allow_links_out", True),
        ({}, {}, "list_seconds", 15.0),
        ({"reposerver.git.request.timeout": "1m"}, {}, "list_seconds", 60.0),
        ({"reposerver.git.request.timeout": "soon"}, {}, "list_seconds", 15.0),
        ({}, {}, "fetch_bytes", 2 << 30),
        ({"reposerver.git.max.fetch.size": "10M"}, {}, "fetch_bytes", 10_000_000),
        ({"reposerver.git.max.fetch.size": "-1"}, {}, "fetch_bytes", 2 << 30),
        ({}, {}, "verify_signatures", True),
        ({}, {"ARGOCD_GPG_ENABLED": "no"}, "verify_signatures", False),
        ({}, {"ARGOCD_GPG_ENABLED": "False"}, "verify_signatures", False),
        ({}, {"ARGOCD_GPG_ENABLED": ""}, "verify_signatures", True),
        ({}, {}, "media_types", LAYERS),
        ({"reposerver.oci.layer.media.types": "a/b, c/d"}, {}, "media_types", ("a/b", "c/d")),
    ],
)
def test_a_setting_is_read(parameters: dict[str, str], environment: dict[str, str], field: str, value: Any) -> None:
    assert getattr(source_settings(parameters, environment), field) == value


@pytest.mark.parametrize(("kind", "field"), [("helm", "charts"), ("oci", "artifacts")])
def test_the_limit_of_what_is_unpacked_can_be_set_and_switched_off(kind: str, field: str) -> None:
    key = f"reposerver.{kind}.manifest.max.extracted.size"
    assert getattr(source_settings({}, {}), field).total == 1 << 30
    found = getattr(source_settings({key: "5Mi"}, {}), field)
    assert (found.total, found.setting) == (5 << 20, key)
    off = {f"reposerver.disable.{kind}.manifest.max.extracted.size": "true"}
    assert getattr(source_settings(off, {}), field).total == UNLIMITED
