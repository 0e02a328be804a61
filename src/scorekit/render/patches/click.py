"""One sample of 1.0: for tests that sound and MIDI agree to the sample."""

from __future__ import annotations

import numpy as np

from scorekit.render.patches.base import Patch, Samples, Take


def body(take: Take) -> Samples:
    """A single impulse, whatever is asked for. Shape (1,)."""
    return np.ones(1, np.float32)


CLICK = Patch("click", "click", "A single sample: for alignment tests", body, layers=1, oneshot=True)
PATCHES = (CLICK,)
