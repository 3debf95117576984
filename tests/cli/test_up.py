"""What `argosy up` says when it cannot begin."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from argosy.cli.failing import CommandError
from argosy.cli.place import Place
from argosy.cli.up import _told_of_full_disk


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(CommandError, match=rf"the disk of {tmp_path} is full: make room there, 16 MiB at least"),
        _told_of_full_disk(Place(tmp_path)),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_other_faults_pass_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), _told_of_full_disk(Place(tmp_path)):
        raise PermissionError(errno.EACCES, "Permission denied")
