"""`python -m preserve` is the `preserve` command."""

from preserve.cli import main

if __name__ == "__main__":
    main()
