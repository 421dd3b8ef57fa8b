"""Check a workbook from the file alone: every formula, every value, recalculated by somebody else's engine."""

from .report import Change, Report, SheetResult, ValueSet
from .verifier import verify

__all__ = ["Change", "Report", "SheetResult", "ValueSet", "verify"]
