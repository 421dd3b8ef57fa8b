"""The pictures of README and docs show the workbooks as they are now."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pictures
import pytest
from pictures import HERE, Picture

from graddesc_xl.errors import SettingError
from graddesc_xl.lessons import LESSONS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *HERE.glob("*.md")]
NUDGE = Picture("nudge.png", "first-steps", "nudge and slope", 25, 19, width=700)


def digest(of: Picture) -> str:
    """The digest of one picture."""
    ((made, _),) = pictures.composed([of])
    return pictures.digest(made, of)


def test_no_picture_is_old() -> None:
    """Each is made from what its sheet shows now."""
    old = [*pictures.old(pictures.listed())]
    assert not old, f"{', '.join(old)}: old. Run `python make.py pictures --old`, look at them, and commit docs/."


def test_every_picture_is_made() -> None:
    """No page shows a picture that is drawn by hand, or that is not there; none is made for nothing."""
    shown = {
        (page.parent / target).resolve()
        for page in PAGES
        for target in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    }
    assert {path.name for path in shown} <= {of.file for of in pictures.listed()}
    assert all(path.exists() for path in shown)
    assert {path.name for path in HERE.glob("*.png")} == {of.file for of in pictures.listed()}


def test_a_digest_follows_what_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another number typed, another word, another size: another digest; what is outside does not count."""
    known = digest(NUDGE)
    assert digest(NUDGE) == known == digest(replace(NUDGE, file="other.png"))
    assert digest(replace(NUDGE, typed={"nudge and slope!C5": 1.5})) != known
    assert digest(replace(NUDGE, typed={"one step!C7": 1.5})) == known
    assert digest(replace(NUDGE, rows=24)) != known
    of = LESSONS["first-steps"]
    nudge = of.kinds[1]
    said = replace(nudge, headline="Another headline")  # type: ignore[type-var]  # a dataclass
    monkeypatch.setitem(pictures.LESSONS, of.name, replace(of, parts=(of.parts[0], said, *of.parts[2:])))  # type: ignore[attr-defined]
    assert digest(NUDGE) != known


def test_an_old_picture_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was made from other cells, or never, is old; what was made from these is not."""
    monkeypatch.setattr(pictures, "HERE", tmp_path)
    monkeypatch.setattr(pictures, "RECORD", tmp_path / "pictures.json")
    now = digest(NUDGE)
    assert pictures.old([NUDGE]) == {"nudge.png": now}
    (tmp_path / "pictures.json").write_text(f'{{"nudge.png": "{now}"}}')
    assert pictures.old([NUDGE]) == {"nudge.png": now}  # there is no file
    (tmp_path / "nudge.png").touch()
    assert not pictures.old([NUDGE])
    (tmp_path / "pictures.json").write_text('{"nudge.png": "something else"}')
    assert pictures.old([NUDGE]) == {"nudge.png": now}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"workbook": "first-step"}, r"there is no workbook 'first-step'. Did you mean first-steps"),
        ({"workbook": "own_optimizer.py"}, r"examples/own_optimizer.py makes no lesson of that name: call it `lesson`"),
        ({"workbook": "logistic_regression.py", "sheet": "bound"}, r"py has no sheet 'bound'. Did you mean boundary"),
        ({"sheet": "nudge"}, r"first-steps has no sheet 'nudge'"),
        ({"typed": {"nudge and slope!Z9": 1.0}}, r"nudge and slope!Z9 of first-steps is no cell to type into"),
    ],
)
def test_what_cannot_be_shown_is_said(change: dict[str, object], said: str) -> None:
    """A mistake in the list is one clear sentence."""
    with pytest.raises(SettingError, match=said):
        digest(replace(NUDGE, **change))  # type: ignore[arg-type]


def test_a_picture_is_drawn(soffice: str, tmp_path: Path) -> None:
    """It has the size that is asked for, and the chart's curve in its colour."""
    pytest.importorskip("pypdfium2")
    image = pytest.importorskip("PIL.Image")
    typed = replace(NUDGE, file="typed.png", typed={"nudge and slope!C5": 5.0})
    made = dict(pictures.make([NUDGE, typed], tmp_path, soffice))
    assert made == {"nudge.png": digest(NUDGE), "typed.png": digest(typed)}
    drawn = [image.open(tmp_path / name).convert("RGB") for name in made]
    for picture in drawn:
        assert picture.width == 700 and 200 < picture.height < 400
        blue = sum(count for count, (r, g, b) in picture.getcolors(10**6) if b > 150 and r < 90 and g < 140)
        assert blue > 200
    assert drawn[0].tobytes() != drawn[1].tobytes()
