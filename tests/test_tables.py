"""Data of one's own: what is read right, and what is refused with its place."""

from __future__ import annotations

import random
import re
import warnings
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from graddesc_xl import data
from graddesc_xl.errors import GraddescError, SettingError

PLAIN = "size,rooms,price\n50,2,110\n80,3,150.5\n120,4,-2.6e2\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a test writes a table."""
    return tmp_path / "houses.csv"


def wrote(file: Path, text: str | bytes) -> Path:
    """The file with a text in it."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        "\ufeff" + PLAIN,
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", ";").replace(".", ","),
        "\n\n" + PLAIN.replace("\n", "\n\n"),
        PLAIN.replace("size,", '"size",').replace("50,", '"50",'),
        PLAIN.replace(",", " , "),
        "size,rooms,price,\n50,2,110,\n80,3,150.5,\n120,4,-2.6e2,\n",
        PLAIN.encode("utf-16"),
    ],
    ids=["plain", "windows", "mark", "semicolons", "tabs", "commas", "gaps", "quotes", "blanks", "empty end", "utf-16"],
)
def test_a_table_is_read_in_every_common_spelling(file: Path, text: str | bytes) -> None:
    """Delimiters, ends of lines, marks, quotes, decimal commas: the numbers are the same."""
    read = data(wrote(file, text), target="price")
    assert (read.name, read.names, read.target) == ("houses", ("size", "rooms", "price"), "price")
    expected = pd.DataFrame({"size": [50, 80, 120], "rooms": [2, 3, 4], "price": [110, 150.5, -260]})
    for column in expected:
        assert read.column(str(column)).tolist() == expected[column].tolist()


def test_numbers_with_thousands(file: Path) -> None:
    """1,234.5 between quotes, and 1.234,5 where the decimals have commas, are one number."""
    points = data(wrote(file, 'x,y\n"1,234.5",2\n"12,000",3\n'))
    assert points.column("x").tolist() == [1234.5, 12000]
    commas = data(wrote(file, "x;y\n1.234,5;2\n12.000;3\n"))
    assert commas.column("x").tolist() == [1234.5, 12000]


def test_titles_become_names(file: Path) -> None:
    """What no formula can hold is replaced; a column is found by its title or by that name."""
    wrote(file, "living area (m2),2nd floor,=SUM(A1),Größe,lambda\n1,2,3,4,5\n2,3,4,5,6\n")
    names = ("living_area_m2", "_2nd_floor", "SUM_A1", "Größe", "lambda_")
    assert data(file).names == names
    assert data(file, target="living area (m2)").target == data(file, target="living_area_m2").target == names[0]


def test_an_old_windows_file_is_read(file: Path) -> None:
    """Excel saves CSV in the code page of Windows."""
    assert data(wrote(file, "Größe,y\n1,2\n".encode("cp1252"))).names == ("Größe", "y")


def test_a_column_of_words_is_left_out_and_said(file: Path) -> None:
    """A name or a date is nothing to predict from."""
    wrote(file, "city,size,price\nBonn,1,2\nUlm,2,3\n")
    with pytest.warns(UserWarning, match="left out, as no cell holds a number: 'city'"):
        assert data(file).names == ("size", "price")
    assert data(file, inputs=["size"]).names == ("size", "price")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("size,price\n", "has no samples"),
        ("size,price\n1,2\nmany,3\n", "line 3, column 'size' holds 'many', which is no number"),
        ("size,price\n1,2\n3,NA\n", "line 3, column 'price' says 'NA', which is no number: fill it in"),
        (
            "size;price\n50.5;110,0\n80;1,5\n",
            "column 'size' holds '50.5', which is no number where other decimals have commas",
        ),
        ("size,price\n1,2\n,3\n", "line 3, column 'size' is empty: fill it in, delete the row"),
        ("size,price\n\n1,2\n\n3,NA\n", "line 5, column 'price' says 'NA'"),
        ("size,price\n1,2\n3\n", "line 3, column 'price' is empty"),
        ("size,price\n1,2\n3,4,5\n", "line 3 has 3 values for 2 titles"),
        ("size,size,price\n1,2,3\n", "columns 1 and 2 are both called 'size'"),
        ("size,,price\n1,2,3\n", "column 2 has no title"),
        ("1,2,3\n4,5,6\n", "begins with numbers (1, 2, 3), not with titles"),
        ("size,price\n1,2\n1e999,3\n", "holds '1e999'"),
        ("size,price\n1,2\n0x10,3\n", "holds '0x10'"),
        ("size,price\n1,2\n1_000,3\n", "holds '1_000'"),
        ("size,price\n1,2\n=1+1,3\n", "holds '=1+1'"),
        ("size,price\n1,2\ninf,3\n", "holds 'inf'"),
        ("price\n1\n2\n", "has no column of numbers beside 'price'"),
        ('size,price\n1,"2\n', "is no line of a table|holds|is empty"),
        (b"\x00\x01\x02\xff", "holds no text in UTF-8"),
        (b"PK\x03\x04\x00\x00", "holds no text in UTF-8"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(file: Path, text: str | bytes, said: str) -> None:
    """File, row and column, and what to do."""
    with pytest.raises(SettingError, match="|".join(map(re.escape, said.split("|")))) as problem:
        data(wrote(file, text))
    assert str(file) in str(problem.value)


def test_wrong_names_have_hints(file: Path, tmp_path: Path) -> None:
    """A misspelt column, sheet or file."""
    wrote(file, PLAIN)
    with pytest.raises(SettingError, match=r"no column 'prise' for the target\. Did you mean price"):
        data(file, target="prise")
    with pytest.raises(SettingError, match=r"no column 'room' for the input\. Did you mean rooms"):
        data(file, target="price", inputs=["room"])
    with pytest.raises(SettingError, match="'price' is both an input and the target"):
        data(file, target="price", inputs=["price"])
    with pytest.raises(SettingError, match="has no sheets"):
        data(file, sheet="first")
    with pytest.raises(SettingError, match=r"There is no file"):
        data(tmp_path / "none.csv")
    with pytest.raises(SettingError, match=r"There is no file"):
        data(tmp_path / "none.xlsx")


def test_a_sheet_of_a_workbook(tmp_path: Path) -> None:
    """The first sheet, or one by name; its first row that is not empty has the titles."""
    book = openpyxl.Workbook()
    first, second = book.active, book.create_sheet("more")
    assert first is not None
    rows: list[list[object]] = [[], [], [None, "size", "price"], [None, 50, 110.25], [None, 80, 150]]
    for row in rows:
        first.append(row)
    for cells in (("a", "b"), (1, 2), ("x", 3)):
        second.append(cells)
    path = tmp_path / "houses.xlsx"
    book.save(path)
    assert data(path).column("price").tolist() == [110.25, 150]
    with pytest.raises(SettingError, match=r"sheet 'more', row 3, column 'a' holds 'x', which is no number"):
        data(path, sheet="more")
    with pytest.raises(SettingError, match=r"no sheet 'mor'\. Did you mean more"):
        data(path, sheet="mor")


def test_a_frame_columns_and_arrays() -> None:
    """What a script has at hand; missing values of pandas are missing."""
    frame = pd.DataFrame({"size": [1, 2], "price": [3.5, 4]})
    assert data(frame, target="price") == data({"size": [1, 2], "price": pd.Series([3.5, 4])}, target="price")
    assert data(np.array([1.0, 2.0]), np.array([3.0, 4.0])).names == ("x", "y")
    assert data(np.ones((2, 3)), [1, 2]).names == ("x1", "x2", "x3", "y")
    for missing in (np.nan, None, pd.NA):
        with pytest.raises(SettingError, match="The frame, row 2, column 'size' is empty"):
            data(pd.DataFrame({"size": pd.Series([1, missing], dtype=object), "price": [3, 4]}))
    with pytest.raises(SettingError, match="not equally long"):
        data({"x": [1, 2], "y": [1]})
    with pytest.raises(SettingError, match="are no samples"):
        data([1, 2, 3], [1, 2])
    with pytest.raises(SettingError, match="is no data"):
        data(["x", "y"], [1, 2])


@pytest.mark.fuzz(60, 1000)
def test_any_text_is_read_or_refused(file: Path, seeds: range) -> None:
    """No traceback, whatever the file holds."""
    alphabet = [
        "1",
        "2.5",
        "-3e4",
        "x",
        "y",
        ",",
        ";",
        "\t",
        "\n",
        '"',
        "'",
        "=",
        " ",
        "",
        "é",
        "1,5",
        "NaN",
        "\r",
        "|",
    ]
    for seed in seeds:
        chance = random.Random(seed)
        text = "".join(chance.choice(alphabet) for _ in range(chance.randrange(60)))
        wrote(file, text if chance.random() < 0.8 else chance.randbytes(40))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read = data(file)
            except GraddescError as problem:
                assert str(problem).endswith(".") and len(str(problem)) < 400
                continue
        assert len(read)
        assert np.isfinite(read.ys).all()
