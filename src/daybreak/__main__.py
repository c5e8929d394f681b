"""`python -m daybreak` is the same as the command `daybreak`."""

from daybreak.cli import main

main()
