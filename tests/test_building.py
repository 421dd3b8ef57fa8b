"""`build`: whole or not at all, and never over a person's work."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from graddesc_xl import build
from graddesc_xl.errors import GraddescError, SettingError, WorkbookError
from graddesc_xl.lessons.building import untouched
from graddesc_xl.verification import libreoffice
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.workbook import write


def test_an_untouched_workbook_is_built_again(tmp_path: Path) -> None:
    """A workbook as it was built may be overwritten."""
    first = build("first-steps", tmp_path)
    assert untouched(first.path)
    assert build("first-steps", tmp_path).formula_cells == first.formula_cells > 400


def test_a_workbook_a_person_saved_is_kept(first_steps: Path, tmp_path: Path) -> None:
    """A workbook saved by another program is only overwritten with force."""
    path = tmp_path / first_steps.name
    openpyxl.load_workbook(first_steps).save(path)
    before = path.read_bytes()
    with pytest.raises(WorkbookError, match=r"saved by another program since it was built.*--force"):
        build("first-steps", tmp_path)
    assert path.read_bytes() == before
    build("first-steps", tmp_path, force=True)
    assert untouched(path)


def test_a_workbook_saved_by_libreoffice_is_kept(first_steps: Path, soffice: str) -> None:
    """LibreOffice keeps our time stamps and properties, but not our name."""
    with libreoffice.recalculated(first_steps, soffice, Limits(180)) as copy:
        assert not untouched(copy)


def test_any_other_file_of_that_name_is_kept(tmp_path: Path) -> None:
    """A file that is no workbook at all is not overwritten either."""
    (tmp_path / "first-steps.xlsx").write_text("my notes")
    with pytest.raises(WorkbookError, match="saved by another program"):
        build("first-steps", tmp_path)


@pytest.mark.parametrize("lock", [".~lock.first-steps.xlsx#", "~$first-steps.xlsx"])
def test_an_open_workbook_is_kept(tmp_path: Path, lock: str) -> None:
    """A workbook that LibreOffice or Excel has open is left alone."""
    (tmp_path / lock).write_text("")
    with pytest.raises(WorkbookError, match="is open in another program"):
        build("first-steps", tmp_path)


def test_an_interrupted_build_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stops a build, the old file is whole and nothing else is left."""
    path = build("first-steps", tmp_path).path
    before = path.read_bytes()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "_around", stop)
    with pytest.raises(KeyboardInterrupt):
        build("first-steps", tmp_path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["first-steps.xlsx"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A file in the place of the folder is a sentence."""
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbookError, match="is a file, not a folder"):
        build("first-steps", tmp_path / "file")


def test_an_unknown_workbook(tmp_path: Path) -> None:
    """A typing error is answered with the name that was meant."""
    with pytest.raises(SettingError, match="Did you mean graddesc"):
        build("gradesc", tmp_path)
    assert issubclass(SettingError, GraddescError)


def test_text_is_written_as_text(workbook: Path) -> None:
    """No text cell becomes a formula or a link by its looks, and the file names its origin."""
    with zipfile.ZipFile(workbook) as file:
        assert b"graddesc-xl" in file.read("docProps/custom.xml")
        assert zipfile.ZipFile(workbook).testzip() is None
