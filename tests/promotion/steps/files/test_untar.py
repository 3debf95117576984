"""`untar` of archives that are made to hurt their reader: an error of the step, and nothing else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from argosy.promotion.steps.files import untar
from argosy.promotion.steps.kind import StepFault
from tests.kit.step_tools import step
from tests.machinery.test_bounded_tar import ATTACKS


@pytest.mark.timeout(60)
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_out_of_bounds_is_reported_as_no_archive(tmp_path: Path, attack: str) -> None:
    run = step("untar", tmp_path / "files", None, {"inPath": "a.tar", "outPath": "out"})
    (run.directory / "a.tar").write_bytes(ATTACKS[attack])
    with pytest.raises(StepFault, match="not an archive that can be read"):
        untar.run(run)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_stay_behind_and_nothing_is_written_through_them(tmp_path: Path, kind: bytes) -> None:
    (tmp_path / "outside").mkdir()
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        link = tarfile.TarInfo("out")
        link.type, link.linkname = kind, "../../outside"
        archive.addfile(link)
        file = tarfile.TarInfo("out/file")
        file.size = 1
        archive.addfile(file, io.BytesIO(b"x"))
    run = step("untar", tmp_path / "files", None, {"inPath": "a.tar", "outPath": "to"})
    (run.directory / "a.tar").write_bytes(output.getvalue())
    untar.run(run)
    assert (run.directory / "to" / "out" / "file").read_bytes() == b"x"
    assert not [*(tmp_path / "outside").iterdir()]
