"""Lines that strings and brass share: doubling the tune, and riffs of their own."""

from __future__ import annotations

from collections.abc import Sequence

from scorekit import theory
from scorekit.ensemble.melody import Setting
from scorekit.ensemble.motifs import plain_cells
from scorekit.ensemble.playing import home
from scorekit.ensemble.sustain import Draft, Player
from scorekit.ensemble.tunes import tune
from scorekit.ideas import MelodyIdeas


def doubled(player: Player, octaves: Sequence[int], idea: str) -> list[Draft]:
    """The tune an octave or more away, inside the lane, from what is heard."""
    lane = player.brief.lane
    drafts = []
    for note in player.brief.hears("lead"):
        base = theory.fold(note.pitch, lane.low, max(lane.high, lane.low + 11))
        for pitch in (base + 12 * o for o in octaves):
            if lane.low <= pitch <= lane.high:
                loud = player.velocity(note.start, 0.0) + (note.velocity - 80) * 0.5
                drafts.append(Draft(note.start, note.length, pitch, loud, note.manner, idea))
    return drafts


def unison_riff(player: Player) -> list[Draft]:
    """The tune in octaves where there is one, else a riff of the section's own."""
    octaves = (0, 12) if player.brief.lane.tier >= 4 else (0,)
    if player.brief.hears("lead"):
        return doubled(player, tuple(o // 12 for o in octaves), "unison with the tune")
    return riff(player, octaves)


def riff(player: Player, octaves: Sequence[int] = (0,)) -> list[Draft]:
    """A short riff of the player's own, in the behaviour's rhythm, repeated with space."""
    brief = player.brief
    cells = (player.behaviour.rhythm,) if player.behaviour.rhythm else plain_cells(brief.section.grid)
    ideas = MelodyIdeas(brief.lane.low, brief.lane.high, "", (("riff2", 1.0),), cells)
    tones = tune(inner_setting(player, ideas, "riff"))
    return [
        Draft(t.start, t.length, t.pitch + o, player.velocity(t.start) + 8, "short", "riff of its own")
        for t in tones
        for o in octaves
        if t.pitch + o <= brief.lane.high
    ]


def inner_setting(player: Player, ideas: MelodyIdeas, kind: str) -> Setting:
    """A setting for a line of the player's own, in the middle of its lane."""
    brief = player.brief
    return Setting(brief.section, ideas, ideas.cells, brief.dials, home(brief), ideas.low, ideas.high, kind, 0.25, 1.0)
