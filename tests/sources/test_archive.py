"""Archives from strangers: limits, one below and one above, and what is never accepted."""

from __future__ import annotations

import gc
import gzip
import io
import os
import tarfile
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from argosy.sources.archive import ArchiveLimits, unpack
from argosy.sources.contents import Contents
from argosy.sources.port import Rejected, Unavailable
from tests.machinery.test_bounded_tar import ATTACKS


def packed(members: dict[str, bytes], *, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(data), kind, link
            made.addfile(info, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), 1)


def test_a_chart_archive_is_read_without_the_directory_around_it() -> None:
    tree = unpack(packed({"web/Chart.yaml": b"name: web", "web/templates/a.yaml": b"a"}), strip_root=True)
    assert tree.read("Chart.yaml") == b"name: web"
    assert [entry.name for entry in tree.list("")] == ["Chart.yaml", "templates"]


def test_an_archive_that_is_not_compressed_is_read_too() -> None:
    assert unpack(gzip.decompress(packed({"a": b"1"}))).read("a") == b"1"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_archive_that_is_made_to_hurt_its_reader_is_rejected_in_few_words(attack: str) -> None:
    for data in (ATTACKS[attack], gzip.compress(ATTACKS[attack] + os.urandom(len(ATTACKS[attack]) // 150))):
        with pytest.raises(Rejected, match="cannot be read") as refused:
            unpack(data)
        assert len(str(refused.value)) < 300


def test_files_are_counted() -> None:
    limits = ArchiveLimits(files=10)
    assert unpack(packed({str(n): b"" for n in range(10)}), limits=limits)
    with pytest.raises(Rejected, match="more than 10 files"):
        unpack(packed({str(n): b"" for n in range(11)}), limits=limits)


def test_bytes_are_counted_while_they_are_inflated() -> None:
    limits = ArchiveLimits(total=4 * 1024 * 1024, ratio=10_000)
    assert unpack(packed({"a": b"x" * 3_900_000}), limits=limits)
    bomb = packed({"a": b"x" * 200_000_000})
    tracemalloc.start()
    with pytest.raises(Rejected, match="larger than 4194304 bytes when unpacked"):
        unpack(bomb, limits=limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * limits.total


def test_what_grows_beyond_measure_is_refused() -> None:
    with pytest.raises(Rejected, match="grows more than 200 times"):
        unpack(packed({"a": b"\0" * 50_000_000}))


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_hard_links_devices_and_pipes_are_refused(kind: bytes) -> None:
    with pytest.raises(Rejected, match="neither a file"):
        unpack(packed({"a": b""}, kind=kind, link="/etc/passwd"))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x1f\x8b", b"garbage" * 100, gzip.compress(b"garbage" * 200), gzip.compress(zlib.compress(b"x"))],
    ids=["nothing", "only magic", "no archive", "garbage inside", "compressed twice"],
)
def test_garbage_is_an_error_and_not_an_outage(data: bytes) -> None:
    with pytest.raises(Rejected):
        unpack(data, strip_root=True)


def test_a_truncated_archive_is_refused() -> None:
    whole = packed({"a": bytes(range(256)) * 1000})
    with pytest.raises(Rejected):
        unpack(whole[: len(whole) // 2])


def test_an_archive_in_an_archive_stays_one_file() -> None:
    assert unpack(packed({"a.tgz": packed({"b": b"1"})})).stat("a.tgz")


def test_large_content_is_on_disk_without_a_name_and_is_released_with_its_tree(tmp_path: Path) -> None:
    files = {f"web/{n}": os.urandom(700_000) for n in range(12)}
    gc.collect()  # what earlier tests left, such as refused archives
    archive, before = packed(files), sum(1 for _ in Path("/proc/self/fd").iterdir())
    tracemalloc.start()
    tree = unpack(archive, strip_root=True, directory=tmp_path / "charts")
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 1_000_000
    assert list((tmp_path / "charts").iterdir()) == []
    assert all(tree.read(name.removeprefix("web/")) == data for name, data in files.items())
    assert tree.root_oid == unpack(archive, strip_root=True).root_oid
    del tree
    gc.collect()
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


def test_few_bytes_stay_in_memory() -> None:
    contents = Contents(in_memory=10)
    one = contents.add([b"12345", b"67890"])
    on_disk = [contents.on_disk]
    two = contents.add([b"x"])
    on_disk.append(contents.on_disk)
    assert on_disk == [False, True]
    assert (contents.read(one), contents.read(two)) == (b"1234567890", b"x")


def test_the_default_limit_is_upstreams_and_its_error_names_the_setting() -> None:
    assert ArchiveLimits().total == 1 << 30
    limits = ArchiveLimits(total=20_000, setting="reposerver.helm.manifest.max.extracted.size")
    with pytest.raises(Rejected, match=r"20000 bytes when unpacked \(reposerver.helm.manifest.max.extracted.size\)"):
        unpack(packed({"a": b"x" * 20_000}), limits=limits)


def test_a_full_disk_is_an_error_of_the_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("argosy.sources.contents.os.write", full)
    with pytest.raises(Unavailable, match="cannot be unpacked: No space left on device"):
        unpack(packed({"a": os.urandom(5_000_000)}), directory=tmp_path)
