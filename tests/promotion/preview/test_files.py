"""A preview shows what a step changed, whatever the files are."""

from __future__ import annotations

from pathlib import Path

from argosy.promotion.preview.files import SHOWN_FILES, SHOWN_LINES, TEXT_BYTES, WorkingFiles


def test_files_that_are_written_changed_and_removed_are_shown_with_their_differences(tmp_path: Path) -> None:
    (tmp_path / "same").write_text("a\n")
    (tmp_path / "old").write_text("a\nb\n")
    (tmp_path / "gone").write_text("a\n")
    files = WorkingFiles(tmp_path)
    files.changes()

    (tmp_path / "old").write_text("a\nc\n")
    (tmp_path / "gone").unlink()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "new").write_text("x\n")

    assert files.changes() == [
        "writes folder/new", "  @@ -0,0 +1 @@", "  +x", "removes gone",
        "changes old", "  @@ -1,2 +1,2 @@", "   a", "  -b", "  +c",
    ]  # fmt: skip
    assert files.changes() == []


def test_large_or_binary_files_are_shown_by_their_path_alone(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x\n" * TEXT_BYTES)
    (tmp_path / "binary").write_bytes(b"\0x")
    (tmp_path / "long").write_text("".join(f"{number}\n" for number in range(SHOWN_LINES * 2)))

    told = WorkingFiles(tmp_path).changes()

    assert [line for line in told if not line.startswith(" ")] == ["writes binary", "writes large", "writes long"]
    assert told[-1] == f"  ... {SHOWN_LINES + 1} more lines"


def test_many_files_are_counted(tmp_path: Path) -> None:
    for number in range(SHOWN_FILES + 3):
        (tmp_path / f"f-{number:03}").touch()

    assert WorkingFiles(tmp_path).changes()[-1] == "and 3 more files"


def test_links_and_what_is_gits_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("secret")
    (tmp_path / "passwords").symlink_to("/etc/passwd")

    assert WorkingFiles(tmp_path).changes() == []
