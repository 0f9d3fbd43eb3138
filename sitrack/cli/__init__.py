"""The door: parse, one use case, one screen. Nothing is decided here."""

from sitrack.cli.root import run

__all__ = ["run"]
