"""`python -m temperance`: the command line."""

from temperance.cli import main

main()
