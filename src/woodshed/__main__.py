"""`python -m woodshed` is the same as the command `woodshed`."""

from woodshed.cli.app import main

if __name__ == "__main__":
    main()
