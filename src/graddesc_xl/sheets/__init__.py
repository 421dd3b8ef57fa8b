"""The kinds of sheets that lessons are made of, all behind one interface."""

from .kind import Composed, Kind, Told

__all__ = ["Composed", "Kind", "Told"]
