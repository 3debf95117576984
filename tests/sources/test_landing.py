"""What is fetched to a file is there completely, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from argosy.sources.landing import KEPT_FREE, landing


def landed(place: Path, *parts: bytes, error: Exception | None = None) -> str:
    def there() -> bytes | None:
        return place.read_bytes() if place.exists() else None

    async def scenario() -> str:
        async with landing(place) as file:
            for part in parts:
                await file.take(part)
            assert there() in (None, b"old"), "nothing is shown before all is there"
            if error is not None:
                raise error
            return file.digest

    return asyncio.run(scenario())


def test_the_parts_are_the_file_and_its_digest(tmp_path: Path) -> None:
    assert landed(tmp_path / "sub" / "a", b"one", b"two") == f"sha256:{hashlib.sha256(b'onetwo').hexdigest()}"
    assert (tmp_path / "sub" / "a").read_bytes() == b"onetwo"


def test_an_error_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "a"
    place.write_bytes(b"old")
    with pytest.raises(ValueError, match="broken off"):
        landed(place, b"new", error=ValueError("broken off"))
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("a", b"old")]


def test_a_link_of_the_parts_name_leads_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ".a.part").symlink_to(outside)
    landed(tmp_path / "in" / "a", b"new")
    assert (outside.read_bytes(), (tmp_path / "in" / "a").read_bytes()) == (b"precious", b"new")


def test_the_disk_of_others_is_not_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=KEPT_FREE + 5))
    landed(tmp_path / "fits", b"12345")
    with pytest.raises(OSError, match="No space left"):
        landed(tmp_path / "a", b"123456")
    assert [found.name for found in tmp_path.iterdir()] == ["fits"]
