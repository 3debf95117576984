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
            "GITHUB_PUSH_VERIFY_UNTRUSTED_COMMITS": "true",
            "IMAGE_REGISTRY_RATE_LIMIT": "5",
            "MAX_CONCURRENT_PROMOTION_RECONCILES": "6",
            "MAX_CONCURRENT_WAREHOUSE_RECONCILES": "7",
            "HEARTBEAT_TTL_SECONDS": "30",
            "ARGOCD_INTEGRATION_ENABLED": "false",
            "CREDENTIAL_PROVIDERS_ENABLED": "false",
            "GITCLIENT_NAME": "Robot",
            "GITCLIENT_SIGNING_KEY_TYPE": "gpg",
            "GITCLIENT_SIGNING_KEY_PATH": str(tmp_path / "key"),
        }
    )

    assert (found.shard, found.is_default_shard, found.retained_freight) == ("east", False, 5)
    assert (found.min_promotion_age, found.rollouts_instance_id) == (timedelta(hours=1), "two")
    assert (found.github_push_revisions, found.oci_push_bytes) == (3, -1)
    assert (found.github_push_verifies_all, found.registry_requests_per_second) == (True, 5)
    assert (found.steps_at_once, found.discoveries_at_once, found.heartbeat_seconds) == (6, 7, 30)
    assert found.applications == ""
    assert not found.credential_providers
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
        ("GITCLIENT_SIGNING_KEY_TYPE", "ssh", "gpg alone"),
        ("IMAGE_REGISTRY_RATE_LIMIT", "0", "above 0"),
        ("HEARTBEAT_TTL_SECONDS", "-5", "above 0"),
        ("MAX_CONCURRENT_PROMOTION_RECONCILES", "4.5", "whole number"),
        ("GITCLIENT_SIGNING_KEY_PATH", "/nowhere/key", "private key"),
    ],
)
def test_a_wrong_value_is_reported_with_what_would_be_right(variable: str, value: str, right: str) -> None:
    with pytest.raises(BadVariable, match=variable) as told:
        settings({variable: value})

    assert value in str(told.value)
    assert right in str(told.value)
