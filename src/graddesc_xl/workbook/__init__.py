"""From a plan and its trace to a workbook of live formulas."""
