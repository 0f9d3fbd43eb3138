"""A disk without room, where the machine has one."""

from pathlib import Path

import pytest

FULL = Path("/dev/full")
"""A device that takes no byte, as a disk that is full."""

needs_a_full_disk = pytest.mark.skipif(
    not FULL.exists(),
    reason="no /dev/full, which Linux has and macOS and Windows lack, so no disk is full",
)
