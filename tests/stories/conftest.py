"""Every story begins in a home without settings."""

from tests.cli.conftest import home

__all__ = ["home"]
