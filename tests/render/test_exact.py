"""Facts about mathematics that is the same on every machine."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scorekit.render import exact

ANGLES = np.linspace(-40.0, 40.0, 4_001)


def test_sine_and_cosine_are_right() -> None:
    """Within 1e-15 of the library's, whose argument is not exact itself; the circle has both."""
    turns = 2.0 * math.pi * (ANGLES - np.rint(ANGLES))
    assert np.abs(exact.sin(ANGLES) - np.sin(turns)).max() < 2e-15
    assert np.abs(exact.cos(ANGLES) - np.cos(turns)).max() < 2e-15
    np.testing.assert_array_equal(exact.circle(ANGLES), (exact.cos(ANGLES), exact.sin(ANGLES)))


def test_powers_and_logarithms_are_right() -> None:
    """Within 1e-15, relative for powers."""
    assert np.abs(exact.exp2(ANGLES) / np.exp2(ANGLES) - 1.0).max() < 2e-15
    powers = np.exp2(ANGLES)
    assert np.abs(exact.log2(powers) - np.log2(powers)).max() < 8e-15
    assert np.abs(exact.log2(1.0 + ANGLES[2_001:] / 80.0) - np.log2(1.0 + ANGLES[2_001:] / 80.0)).max() < 1e-15


@pytest.mark.parametrize("name", ["sin", "cos", "exp2", "log2"])
def test_a_number_by_itself_is_the_same(name: str) -> None:
    """Python's floats take the same steps as an array, to the bit."""
    function, values = getattr(exact, name), np.abs(ANGLES[1:2_000]) + 0.003
    assert function(values).tolist() == [float(function(value)) for value in values.tolist()]


def test_cosines_in_a_row_are_right() -> None:
    """Angles evenly apart are turned from few; none of nothing; and half a cosine rises from 0 to 1."""
    wanted = exact.cos(np.arange(1_000) * 0.0013 + 0.4)
    assert np.abs(exact.cosines(1_000, 0.0013, 0.4) - wanted).max() < 4e-15
    assert exact.cosines(0, 0.1).size == exact.eased(0).size == 0
    assert exact.eased(3) == pytest.approx([0.0669873, 0.5, 0.9330127])
