"""`argosy cluster check|backup|restore` on the command line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from argosy.cli.main import main
from argosy.cluster.http.keys import Keys
from argosy.cluster.store import Store
from argosy.cluster.store.sqlite import SqliteJournal
from argosy.machinery.objects import Key
from argosy.runtime.clock import RealClock


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    directory.mkdir(mode=0o700)
    now = RealClock().now()
    Keys.load_or_make(directory / "pki", now)
    store = Store(lambda: now, SqliteJournal(directory / "cluster.db", identity="c-1"))
    store.load()
    for name in "ab":
        store.put(store.table("", "things"), Key("n", name), {"metadata": {"name": name}}, None)
    store.close()
    return directory


def test_a_sound_directory_is_reported_as_such_and_can_be_backed_up_and_restored(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cluster", "check", "--data-dir", str(data)]) == 0
    assert "is sound: cluster c-1, revision 3, 2 objects" in capsys.readouterr().out
    file = str(tmp_path / "b.tar")
    assert main(["cluster", "backup", file, "--data-dir", str(data)]) == 0
    assert "at revision 3 (2 objects), verified" in capsys.readouterr().out
    assert main(["cluster", "backup", file, "--data-dir", str(data)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert main(["cluster", "backup", file, "--overwrite", "--data-dir", str(data)]) == 0
    assert main(["cluster", "restore", file, "--revision", "2", "--data-dir", str(data)]) == 0
    told = capsys.readouterr().out
    assert "has cluster c-1 as of revision 2; new revisions start after 5" in told
    assert "What was there before is in" in told
    assert main(["cluster", "check", "--data-dir", str(data)]) == 0
    assert "1 objects" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("damage", "wanted"),
    [
        (lambda data: (data / "cluster.db").unlink(), "is missing: cluster c-1 with revision 3 was here"),
        (lambda data: (data / "pki" / "ca.key").write_bytes(b"x"), "ca.key is damaged: it is not a private key"),
    ],
)
def test_damage_is_exit_code_1_and_a_sentence(
    data: Path, capsys: pytest.CaptureFixture[str], damage: object, wanted: str
) -> None:
    damage(data)  # type: ignore[operator]
    assert main(["cluster", "check", "--data-dir", str(data)]) == 1
    assert wanted in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_what_cannot_be_done_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    assert main(["cluster", verb, str(tmp_path / "none.tar"), "--data-dir", str(tmp_path / "empty")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_an_expired_authority_is_reported(data: Path) -> None:
    with pytest.raises(OSError, match="expired at"):
        Keys.load_or_make(data / "pki", RealClock().now() + timedelta(days=4000))
