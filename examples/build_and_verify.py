"""Build the workbook into a folder and verify it from the file alone."""

import sys
import tempfile

from graddesc_xl import build, verify

folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
built = build("graddesc", folder)
report = verify(built.path)
print(f"{built.path.name}: {built.formula_cells} formula cells in {len(built.sheets)} sheets")
for values in report.sets:
    worst = max(sheet.worst for sheet in values.sheets)
    print(f"{values.name}: {sum(sheet.cells for sheet in values.sheets)} cells, worst error {worst:.0e}")
print("verified" if report.ok else "\n".join(report.problems))
