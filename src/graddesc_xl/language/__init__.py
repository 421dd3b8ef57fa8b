"""What a formula is: expressions, operators and all that they mean."""
