"""A page that is made from the software or its tests: printed, or written over the old."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path


def print_or_write(page: Callable[[], str], path: Path, about: str | None) -> None:
    """Print a page, or with `--write` put it in its place.

    Args:
        page: makes it.
        path: its place.
        about: what the module that makes it says of itself, for the help.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--write", action="store_true", help="write the page")
    if parser.parse_args().write:
        path.write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
