"""A wheel serves in an empty folder: no checkout, no migrations lying about."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from sitrack.record.ledger import SCHEMA
from tests.docs.readme import ROOT, printed, run


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    subprocess.run(
        [*command, "--outdir", str(folder), str(ROOT)], check=True, capture_output=True
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The commands of an environment that holds the wheel; libraries are borrowed."""
    place = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(place)], check=True
    )
    python = place / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run(
        [*pip, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True
    )
    (site,) = place.glob("lib/python*/site-packages")
    # A plain line adds a folder, but runs none of its own .pth files: an editable
    # install of the checkout stays out.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


def test_the_wheel_holds_the_protocol_the_policies_and_the_migrations(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "sitrack/pathway/protocols/si-2026.1.toml" in names
    assert "sitrack/pathway/policies/strict.toml" in names
    assert "sitrack/exchange/packet.html" in names
    assert "sitrack/record/migrations/env.py" in names
    assert any(n.startswith("sitrack/record/migrations/versions/0001") for n in names)
    assert not any(
        name.startswith(("tests", "alembic/", "benchmarks")) for name in names
    )


def test_the_first_steps_work_from_the_wheel(installed, tmp_path):
    script = printed("first steps") + "\nsitrack db status\nsitrack db upgrade\n"
    done = run(script, tmp_path, installed)
    assert done.returncode == 0, done.stderr
    assert "as this version expects" in done.stdout
    assert f"at {SCHEMA} already" in done.stdout


def test_the_wheel_is_used_and_not_the_checkout(installed, tmp_path):
    code = "import sitrack.record.upgrade as u; print(u.migrations_folder())"
    done = run(f'python -c "{code}"', tmp_path, installed)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parts[-3:] == ("sitrack", "record", "migrations")
    assert str(ROOT) not in done.stdout
