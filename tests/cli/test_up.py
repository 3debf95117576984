"""What `argosy up` says when it cannot begin."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from argosy.cli.failing import CommandError
from argosy.cli.place import Place
from argosy.cli.up import _reporting_full_disk, not_begun
from argosy.cluster.handlers.writing import not_stored
from argosy.cluster.store.store import FULL


def test_a_full_disk_is_reported_with_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(CommandError, match=rf"the disk of {tmp_path} is full: make room there, 16 MiB at least"),
        _reporting_full_disk(Place(tmp_path)),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_start_that_the_store_refuses_for_a_full_disk_says_so_too(tmp_path: Path) -> None:
    refused = not_stored(OSError(errno.ENOSPC, FULL))
    with pytest.raises(CommandError, match="16 MiB at least, and start again"), _reporting_full_disk(Place(tmp_path)):
        raise not_begun(Place(tmp_path), refused)
    other = not_begun(Place(tmp_path), not_stored(OSError(errno.EIO, "Input/output error")))
    assert isinstance(other, CommandError)
    assert str(other).endswith("the store cannot write: Input/output error")


def test_other_faults_pass_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), _reporting_full_disk(Place(tmp_path)):
        raise PermissionError(errno.EACCES, "Permission denied")
