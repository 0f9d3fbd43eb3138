"""A home without settings, for every command that is typed."""

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home folder; nothing of the machine's own settings is seen."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    for name in ("SITRACK_AS", "SITRACK_DATABASE_URL", "SITRACK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return folder
