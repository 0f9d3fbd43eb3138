"""The entry point of `sitrack` and of `python -m sitrack`."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    from sitrack.cli import run

    raise SystemExit(run())


if __name__ == "__main__":
    main()
