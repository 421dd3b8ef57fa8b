"""`python -m graddesc_xl` is the command `graddesc-xl`."""

from .cli import main

main()
