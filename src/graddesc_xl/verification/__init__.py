"""Check a workbook from the file alone: every formula, every value, recalculated by somebody else's engine."""

from .report import Report, SheetResult, ValueSet
from .verifier import verify

__all__ = ["Report", "SheetResult", "ValueSet", "verify"]
