"""What an installation says of Rollouts in its environment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argosy.rollouts.settings import settings_of


def test_load_balancers_are_not_asked_unless_an_installation_says_so() -> None:
    assert settings_of({}, "argo-rollouts").verify_target_groups is False


@pytest.mark.parametrize("said", ["true", "simulated"])
def test_a_variable_switches_the_verification_of_target_groups_on(said: str) -> None:
    found = settings_of(
        {"ARGO_ROLLOUTS_AWS_VERIFY_TARGET_GROUP": said, "ROLLOUT_VERIFY_RETRY_INTERVAL": "3"}, "argo-rollouts"
    )
    assert (found.verify_target_groups, found.verify_again) == (True, timedelta(seconds=3))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ARGO_ROLLOUTS_AWS_VERIFY_TARGET_GROUP", "yes"),
        ("ARGO_ROLLOUTS_AWS_TARGET_GROUP_BINDING_API_VERSION", "v1beta1"),
        ("ROLLOUT_VERIFY_RETRY_INTERVAL", "0"),
        ("ROLLOUT_VERIFY_RETRY_INTERVAL", "soon"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is {value!r}"):
        settings_of({name: value}, "argo-rollouts")
