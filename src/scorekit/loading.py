"""What takes long to load: loaded without what nobody needs, or while another process works."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import cast


def tables() -> None:
    """Loads what values are made of, without ``typing_extensions``, of which it takes what ``typing`` has since Python 3.11: with
    that come ``inspect``, ``ast`` and eight more, a tenth of a check."""
    if "typing_extensions" not in sys.modules:
        sys.modules["typing_extensions"] = cast(ModuleType, None)  # not to be had: msgspec asks ``typing`` then
        try:
            import msgspec.structs  # noqa: F401
        finally:
            del sys.modules["typing_extensions"]


def sound() -> None:
    """Loads what makes music heard, and with that what every sound begins with: NumPy's dice, a table of sines, grit."""
    import scorekit.render.delivery
    import scorekit.render.mix
    import scorekit.render.patches
    import scorekit.renewal
    import scorekit.shelf
    import scorekit.workshop  # noqa: F401
    from scorekit.render import dsp
    from scorekit.render.patches.sources import grit

    dsp.sine(grit()[:1])


def played() -> None:
    """Loads what plays what is composed."""
    import scorekit.ensemble.performance
    import scorekit.render.midi  # noqa: F401
