"""What a formula is: expressions, operators, derivatives, text to tree and back."""

from . import operators as operators  # an expression asks how many arguments its operator takes
