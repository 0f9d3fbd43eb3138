"""The entry point of `sitrack` and of `python -m sitrack`."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    import gc

    # While libraries are loaded there is nothing to throw away: to look for it again and
    # again takes a twentieth of the time of a command.
    gc.set_threshold(200_000, 20, 20)
    try:
        from sitrack.cli import run

        code = run()
    except KeyboardInterrupt:
        # Before anything began, or after everything was said: there is nothing to tell.
        code = 130
    raise SystemExit(code)


if __name__ == "__main__":
    main()
