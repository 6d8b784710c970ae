"""`python -m idp_sync` is `idp-sync`."""

from idp_sync.cli import main

if __name__ == "__main__":
    main()
