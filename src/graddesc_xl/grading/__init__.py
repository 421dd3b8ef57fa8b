"""What a class hands in: read under limits, marked cell by cell, told as a table and to each student."""

from .grades import Grade, Grades, grade
from .handed_in import HandedIn

__all__ = ["Grade", "Grades", "HandedIn", "grade"]
