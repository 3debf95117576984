"""An operator sets the room by upstream's variables; a wrong value names its variable and what would be right."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from argosy.cli.rooms.promotion_settings import BadVariable, settings
from argosy.promotion.settings import Settings


def test_without_variables_the_defaults_hold() -> None:
    assert settings({}) == Settings()


def test_variables_set_shards_garbage_collection_and_git(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("PRIVATE")
    found = settings(
        {
            "SHARD_NAME": "east",
            "IS_DEFAULT_CONTROLLER": "false",
            "MAX_RETAINED_FREIGHT": "5",
            "MIN_PROMOTION_DELETION_AGE": "1h",
            "ROLLOUTS_CONTROLLER_INSTANCE_ID": "two",
            "GIT_PUSH_INTEGRATION_POLICY": "RebaseOrFail",
            "GITHUB_PUSH_MAX_REVISIONS": "3",
            "MAX_OCI_PUSH_ARTIFACT_SIZE": "-1",
            "GITCLIENT_NAME": "Robot",
            "GITCLIENT_SIGNING_KEY_PATH": str(tmp_path / "key"),
        }
    )

    assert (found.shard, found.is_default_shard, found.retained_freight) == ("east", False, 5)
    assert (found.min_promotion_age, found.rollouts_instance_id) == (timedelta(hours=1), "two")
    assert (found.github_push_revisions, found.oci_push_bytes) == (3, -1)
    assert (found.push_integration, found.identity.name, found.identity.signing_key) == (
        "RebaseOrFail", "Robot", "PRIVATE",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "value", "right"),
    [
        ("MAX_RETAINED_PROMOTIONS", "many", "whole number"),
        ("MAX_RETAINED_PROMOTIONS", "-1", "whole number"),
        ("MIN_FREIGHT_DELETION_AGE", "two weeks", "336h"),
        ("MAX_OCI_PUSH_ARTIFACT_SIZE", "-2", "whole number"),
        ("IS_DEFAULT_CONTROLLER", "perhaps", "true or false"),
        ("GIT_PUSH_INTEGRATION_POLICY", "Never", "RebaseOrMerge"),
        ("GITCLIENT_SIGNING_KEY_PATH", "/nowhere/key", "private key"),
    ],
)
def test_a_wrong_value_is_told_with_what_would_be_right(variable: str, value: str, right: str) -> None:
    with pytest.raises(BadVariable, match=variable) as told:
        settings({variable: value})

    assert value in str(told.value)
    assert right in str(told.value)
