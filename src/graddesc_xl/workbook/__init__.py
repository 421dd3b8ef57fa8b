"""From a plan and its trace to a workbook of live formulas."""

#: the custom property in which a file says which book it is
PROPERTY = "graddesc-xl"
