"""The program's entry: `idp-sync`, and `python -m idp_sync`."""

import sys


def main() -> None:
    """Run the command line; an interruption while it is still being loaded is no traceback either."""
    try:
        from idp_sync.cli import main as command_line  # noqa: PLC0415 - loading it is part of what is interrupted

        command_line()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: run it again to go on\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
