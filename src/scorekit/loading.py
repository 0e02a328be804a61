"""What takes long to load, loaded while another process works."""

from __future__ import annotations


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


def music() -> None:
    """Loads what plays a plan."""
    import scorekit.ensemble.band
    import scorekit.ensemble.conflicts.reconcile
    import scorekit.ensemble.performance  # noqa: F401
