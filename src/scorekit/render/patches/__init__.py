"""Every sound there is: one table of patches by name."""

from __future__ import annotations

from scorekit.render.patches.base import Patch
from scorekit.render.patches.basses import BASSES
from scorekit.render.patches.bowed import BOWED
from scorekit.render.patches.click import CLICK
from scorekit.render.patches.drumkit import KITS
from scorekit.render.patches.guitars import GUITARS
from scorekit.render.patches.keyboards import KEYBOARDS
from scorekit.render.patches.synths import SYNTHS
from scorekit.render.patches.winds import WINDS

PATCHES: dict[str, Patch] = {
    patch.name: patch
    for patch in (*KITS, *BASSES, *GUITARS, *KEYBOARDS, *BOWED, *WINDS, *SYNTHS, CLICK)
}  # fmt: skip
