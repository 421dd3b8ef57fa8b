"""What the suite makes once is made by one process, whole or not at all."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from once import Once


def test_of_many_that_want_it_one_makes_it(tmp_path: Path) -> None:
    """The others wait for it, and take what it made."""

    def make(folder: Path) -> None:
        with (tmp_path / "made").open("a") as made:
            made.write("once\n")
        time.sleep(0.2)
        (folder / "thing").write_text("whole")

    def take(_: int) -> str:
        return (Once(tmp_path / "all").files("it", make) / "thing").read_text()

    with ThreadPoolExecutor(8) as together:
        assert [*together.map(take, range(8))] == ["whole"] * 8
    assert (tmp_path / "made").read_text() == "once\n"


def test_what_fails_is_made_by_the_next(tmp_path: Path) -> None:
    """Nothing of a failed attempt is left, nor does anybody wait for it."""

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise ValueError("it failed")

    with pytest.raises(ValueError, match="it failed"):
        Once(tmp_path).files("it", fail)
    made = Once(tmp_path).files("it", lambda folder: (folder / "thing").touch())
    assert [path.name for path in made.iterdir()] == ["thing"]
    assert [path.name for path in tmp_path.iterdir()] == ["it"]


def test_a_thing_is_the_same_for_all(tmp_path: Path) -> None:
    """It is made once, and loaded once by each process."""
    calls: list[int] = []

    def make() -> list[str]:
        calls.append(1)
        return ["made"]

    one, other = Once(tmp_path), Once(tmp_path)
    first = one.thing("it", make)
    assert one.thing("it", make) is first and other.thing("it", make) == first == ["made"]
    assert calls == [1]
