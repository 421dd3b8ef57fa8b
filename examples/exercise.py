"""An exercise that corrects itself, filled in by a student with one mistake, and graded.

Run it with `python exercise.py`; it writes `exercise/` into the current folder.
"""

from pathlib import Path

import ironcalc

from graddesc_xl import LESSONS, exercise, grade

lesson = exercise(LESSONS["graddesc"], sheets=["basic"], steps=6, worked=1)


def main() -> None:
    """Write the exercise, fill it in as a student would, mark it."""
    folder = Path("exercise")
    blank = lesson.build(folder / "to-fill-in.xlsx").path

    student = ironcalc.load_from_xlsx(str(blank))  # any spreadsheet will do
    names = [sheet["name"] for sheet in student.get_worksheets_properties()]
    formulas = {"G": "=2*(E{0}-B{0})", "H": "=G{0}", "I": "=C{0}-$E$6*G{0}", "J": "=D{0}-$E$6*H{0}"}
    for row in range(12, 17):
        for column, formula in formulas.items():
            student.set_user_input(names.index("basic"), row, "ABCDEFGHIJ".index(column) + 1, formula.format(row))
    student.evaluate()
    handed_in = folder / "ada.xlsx"
    handed_in.unlink(missing_ok=True)
    student.save_to_xlsx(str(handed_in))

    grades = grade([handed_in])
    print(
        grades.frame()[["student", "score", "right", "outright", "cells", "first wrong", "hint"]].to_string(index=False)
    )
    for column, hint, many in grades.mistakes:
        print(f"{column}: {hint} ({many} student)")


if __name__ == "__main__":
    main()
