"""A data directory whose write-ahead log or database is missing is distinguished from a new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile

import pytest

from argosy.cluster.store import Store
from argosy.cluster.store.marker import Mark, MarkerFile, boot_of_machine, read_mark
from argosy.cluster.store.sqlite import SqliteJournal
from argosy.machinery.objects import Key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def written(directory: Path, names: str, *, full: bool = False) -> Store:
    """An open store after one commit for each letter."""
    store = Store(lambda: NOON, SqliteJournal(directory / "cluster.db", full=full, identity="c-1"))
    store.load()
    for name in names:
        store.put(store.table("", "things"), Key("n", name), {"metadata": {"name": name}, "x": "y" * 5000}, None)
        store.flush()
    return store


def killed(directory: Path, copy: Path, names: str) -> Path:
    """A copy of the files as a process leaves them that was killed: the write-ahead log is not carried over."""
    store = written(directory, names)
    copy.mkdir()
    for name in ("cluster.db", "cluster.db-wal", "cluster.marker"):
        copyfile(directory / name, copy / name)
    store.close()
    return copy


@pytest.mark.parametrize("damage", ["missing", "empty", "header", "first half", "last frame"])
def test_a_write_ahead_log_that_is_not_whole_is_refused_with_what_to_do(tmp_path: Path, damage: str) -> None:
    found = killed(tmp_path / "a", tmp_path / "b", "abcdef")
    log = found / "cluster.db-wal"
    content = log.read_bytes()
    match damage:
        case "missing":
            log.unlink()
        case "empty":
            log.write_bytes(b"")
        case "header":
            log.write_bytes(bytes(32) + content[32:])
        case "first half":
            log.write_bytes(content[: len(content) // 2])
        case _:
            log.write_bytes(content[:-100] + b"\xa5" * 100)
    with pytest.raises(OSError, match=r"is damaged: .* revision \d+ and 7 was reached, .*'argosy cluster restore'"):
        SqliteJournal(found / "cluster.db")
    assert (found / "cluster.db.damaged-1").exists(), "as it was found"


def test_a_database_that_is_missing_is_refused_and_one_that_never_was_is_made(tmp_path: Path) -> None:
    written(tmp_path, "ab").close()
    (tmp_path / "cluster.db").unlink()
    with pytest.raises(OSError, match=r"cluster c-1 with revision 3 was here\. Restore it .* or delete .*marker"):
        SqliteJournal(tmp_path / "cluster.db")
    (tmp_path / "cluster.marker").unlink()
    written(tmp_path, "").close()


def test_a_database_that_is_missing_next_to_its_log_is_refused_without_a_marker_too(tmp_path: Path) -> None:
    found = killed(tmp_path / "a", tmp_path / "b", "ab")
    (found / "cluster.db").unlink()
    (found / "cluster.marker").unlink()
    with pytest.raises(OSError, match="its write-ahead log is there"):
        SqliteJournal(found / "cluster.db")
    assert (found / "cluster.db-wal").stat().st_size > 0


def test_an_older_file_and_one_of_another_cluster_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Store(lambda: NOON, SqliteJournal(tmp_path / "other" / "cluster.db", identity="c-2"))
    other.load()
    other.close()
    written(tmp_path, "a").close()
    copyfile(tmp_path / "cluster.db", tmp_path / "old.db")
    again = Store(lambda: NOON, SqliteJournal(tmp_path / "cluster.db"))
    again.load()
    again.put(again.table("", "things"), Key("n", "z"), {"metadata": {"name": "z"}}, None)
    again.close()
    copyfile(tmp_path / "old.db", tmp_path / "cluster.db")
    with pytest.raises(OSError, match=r"holds revision 2 and 3 was reached.*then delete .*cluster\.marker"):
        SqliteJournal(tmp_path / "cluster.db")
    copyfile(tmp_path / "other" / "cluster.db", tmp_path / "cluster.db")
    with pytest.raises(OSError, match="belongs to cluster c-2, and this directory to cluster c-1"):
        SqliteJournal(tmp_path / "cluster.db")


@pytest.mark.parametrize("full", [False, True])
def test_after_the_machine_went_down_what_was_synced_is_promised_and_no_more(tmp_path: Path, full: bool) -> None:
    store = written(tmp_path, "abc", full=full)
    mark = read_mark(tmp_path / "cluster.marker")
    assert mark is not None
    assert mark.revision == 4
    assert mark.promised(boot_of_machine()) == 4
    assert mark.promised("another") == (4 if full else 0)
    store.close()
    closed = read_mark(tmp_path / "cluster.marker")
    assert closed is not None
    assert closed.promised("another") == 4


def put(store: Store, name: str) -> None:
    store.put(store.table("", "things"), Key("n", name), {"metadata": {"name": name}, "x": "y" * 60000}, None)
    store.flush()


def test_a_log_that_has_grown_is_carried_over_and_counts_as_synced(tmp_path: Path) -> None:
    store = written(tmp_path, "")
    for number in range(160):
        put(store, f"a{number}")
        store._journal._carrier.wait()  # type: ignore[attr-defined]  # or we may write faster than it checkpoints
    put(store, "last")
    mark = read_mark(tmp_path / "cluster.marker")
    assert mark is not None
    assert mark.synced > 100
    store.close()


def test_one_process_at_a_time_uses_a_directory(tmp_path: Path) -> None:
    store = written(tmp_path, "a")
    with pytest.raises(OSError, match="in use by another process: stop that one first"):
        SqliteJournal(tmp_path / "cluster.db")
    store.close()
    written(tmp_path, "").close()


def test_a_marker_line_is_as_long_as_any_other_and_reads_back(tmp_path: Path) -> None:
    first = Mark("c", "b", 7, 0)
    file = MarkerFile(tmp_path / "m")
    for mark in (replace(first, revision=10**12, synced=10**11), first):
        file.write(mark, sync=True)
        assert read_mark(tmp_path / "m") == mark
    file.close()


@pytest.mark.parametrize("content", [b"", b"\0" * 150])
def test_a_marker_that_was_never_written_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m").write_bytes(content)
    assert read_mark(tmp_path / "m") is None


def test_a_damaged_marker_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "cluster.marker").write_text("hello\n")
    with pytest.raises(OSError, match=r"cluster\.marker is damaged: .*Delete it"):
        SqliteJournal(tmp_path / "cluster.db")


def test_a_file_open_to_others_is_closed_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(tmp_path, "a").close()
    (tmp_path / "cluster.db").chmod(0o666)
    written(tmp_path, "").close()
    assert (tmp_path / "cluster.db").stat().st_mode & 0o777 == 0o600
    assert "was open to other users (mode 0666)" in caplog.text
