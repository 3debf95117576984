"""Settings by environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from argosy.sealing import settings
from argosy.sealing.settings import SettingError, Settings, settings_of


def test_nothing_given_means_the_defaults() -> None:
    assert settings_of({}) == Settings()


def test_what_is_given_counts() -> None:
    found = settings_of({"SEALED_SECRETS_KEY_RENEW_PERIOD": "1h30m", "SEALED_SECRETS_PRIVATEKEY_LABELS": "a=b,c="})
    assert found.renew_period == timedelta(minutes=90)
    assert found.key_labels == {"a": "b", "c": ""}
    assert settings_of({"SEALED_SECRETS_ROTATE_PERIOD": "2h"}).renew_period == timedelta(hours=2)


def test_without_all_namespaces_the_own_and_the_listed_count() -> None:
    given = {"SEALED_SECRETS_ALL_NAMESPACES": "false", "SEALED_SECRETS_ADDITIONAL_NAMESPACES": "a, b"}
    assert settings_of(given).namespaces == frozenset({"kube-system", "a", "b"})


@pytest.mark.parametrize(
    "given",
    [
        {"KEY_RENEW_PERIOD": "soon"},
        {"KEY_RENEW_PERIOD": "-1h"},
        {"KEY_SIZE": "1024"},
        {"KEY_CUTOFF_TIME": "2026-01-01"},
        {"SKIP_RECREATE": "maybe"},
        {"PRIVATEKEY_LABELS": "team"},
        {"RATE_LIMIT": "0"},
        {"LABEL_SELECTOR": "a in ("},
    ],
)
def test_a_faulty_setting_is_reported_with_its_name_and_value(given: Mapping[str, str]) -> None:
    ((name, value),) = given.items()
    with pytest.raises(SettingError, match=f"SEALED_SECRETS_{name}") as found:
        settings_of({f"SEALED_SECRETS_{name}": value})
    assert repr(value) in str(found.value)


def test_every_setting_is_documented() -> None:
    source = Path(settings.__file__).read_text()
    page = (Path(__file__).parents[2] / "docs/sealed-secrets.md").read_text()
    names = {line.split('"')[1] for line in source.splitlines() if 'read("' in line}
    assert len(names) > 15
    assert not [name for name in sorted(names) if f"_{name}`" not in page]
