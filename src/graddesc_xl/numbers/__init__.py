"""A plan becomes numbers."""
