"""Patients' journeys, told through the command line."""

import pytest

pytest.register_assert_rewrite("tests.stories.notation")
