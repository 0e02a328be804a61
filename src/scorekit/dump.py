"""Scores and sounds as text a musician can read: for snapshots, diffs and looking."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scorekit.score import Note, Passage, Phrase, Placement, Plan, Score, Section
from scorekit.theory import DRUM_NOTES, pitch_name, uses_flats
from scorekit.timebase import PPQ, SAMPLE_RATE, Tick

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ROWS = {note: row for row, note in reversed(DRUM_NOTES.items()) if row != "brush"}
_MARKS = ((43, "g"), (64, "s"), (90, "x"), (113, "X"), (128, "!"))
_BANDS = (31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)


# -- score ---------------------------------------------------------------------------------------------------------------


def ending_words(plan: Plan) -> str:
    """How a song ends: the name of its way, and what else it does on the way there."""
    ending = plan.ending
    if ending is None:
        return "its beginning" if plan.loops else "hit"
    left = "".join(f", {part} leaves {bars} bars before" for part, bars in ending.leave)
    return ending.id + (", slowing down" if ending.slow else "") + left


def plan_text(plan: Plan) -> str:
    """The plan: a line for the song, one for each part, one for each section with its chords."""
    lines = [
        f"{plan.title}: {plan.genre}, {plan.model}, seed {plan.seed}, {plan.key}, {tempo_text(plan)}, ends with {ending_words(plan)}"
    ]
    for part in plan.parts:
        params = "".join(f" {k}={v:g}" for k, v in part.sound.params)
        lines.append(
            f"  {part.title:<8} {part.sound.patch}{params}, channel {part.channel + 1}, program {part.program}"
        )
    lines += [f"  {section_line(p)}" for p in plan.placements]
    return "\n".join(lines)


def tempo_text(plan: Plan) -> str:
    """One tempo, or from which to which with the number of changes."""
    tempi = [60_000_000 / tempo for _, tempo in plan.tempo.changes]
    return f"{tempi[0]:.2f} bpm" if len(tempi) == 1 else f"{tempi[0]:.2f} to {tempi[-1]:.2f} bpm in {len(tempi)} steps"


def section_line(placement: Placement) -> str:
    """A section: bars, energy, meter, key, chords by bar."""
    section = placement.section
    flags = "".join(f" {flag}" for flag in sorted(section.flags))
    head = f"bar {placement.bar:>3} {section.id}: {section.bars} x {section.meter} e{section.tier}{flags} {section.key}"
    return f"{head} | {chords_text(section)} |"


def chord_bars(section: Section) -> list[str]:
    """Chord symbols of each bar, as a song writes them: with their beats where they do not share a bar equally."""
    bar, beat = section.meter.bar, 4 * PPQ // section.meter.unit
    silent = {intent.tick: "N" for intent in section.intents if intent.kind == "nochord"}
    changes = sorted((silent | {c.start: c.symbol or str(c.root) for c in section.chords}).items())
    bars: list[str] = []
    for begin in range(0, section.length, bar):
        inside = [(start - begin, symbol) for start, symbol in changes if begin <= start < begin + bar]
        if not inside or inside[0][0]:
            inside.insert(0, (0, "."))
        ends = [start for start, _ in inside[1:]] + [bar]
        lengths = [end - start for (start, _), end in zip(inside, ends, strict=True)]
        beats = [f":{length / beat:.6g}" if len(set(lengths)) > 1 else "" for length in lengths]
        text = " ".join(symbol + mark for (_, symbol), mark in zip(inside, beats, strict=True))
        bars.append("%" if text == "." and bars and " " not in bars[-1] else text)
    return bars


def chords_text(section: Section) -> str:
    """Chord symbols bar by bar."""
    return " | ".join(chord_bars(section))


def score_text(score: Score) -> str:
    """Plan, then section by section and part by part: drums as step strings, others as pitch:beats at their beat."""
    blocks = [plan_text(score.plan)]
    for placement, passage in zip(score.plan.placements, score.passages, strict=True):
        blocks.append("\n".join([section_line(placement), *passage_lines(placement.section, passage)]))
    return "\n\n".join(blocks) + "\n"


def passage_lines(section: Section, passage: Passage) -> list[str]:
    """The parts of one section; silent ones are left out."""
    lines = []
    for phrase in passage.phrases:
        if phrase.notes:
            lines.append(f"  {phrase.part} ({phrase.idea})")
            lines += drum_lines(section, phrase) if phrase.part == "drums" else pitched_lines(section, phrase)
    lines += [f"  mended: {len(passage.edits)} notes"] if passage.edits else []
    return lines


def drum_lines(section: Section, phrase: Phrase) -> list[str]:
    """Step strings, a row for each piece of the kit: g ghost, s soft, x normal, X accent, ! peak."""
    step = PPQ // section.grid
    per_bar = section.meter.bar // step
    rows: dict[int, list[str]] = {}
    for note in phrase.notes:
        row = rows.setdefault(note.pitch, ["."] * (per_bar * section.bars))
        row[min(note.start // step, len(row) - 1)] = next(mark for limit, mark in _MARKS if note.velocity < limit)
    return [
        f"    {_ROWS.get(pitch, str(pitch)):<10} "
        + "|".join("".join(cells[i : i + per_bar]) for i in range(0, len(cells), per_bar))
        for pitch, cells in sorted(rows.items())
    ]


def pitched_lines(section: Section, phrase: Phrase) -> list[str]:
    """A line for each bar: beat, pitches struck together, beats held."""
    flats = uses_flats(section.key.tonic, section.key.mode)
    bar, unit = section.meter.bar, 4 * PPQ / section.meter.unit
    lines = []
    for number in range(section.bars):
        inside = [n for n in phrase.notes if number * bar <= n.start < (number + 1) * bar]
        if inside:
            told = " ".join(chord_text(group, number * bar, unit, flats) for group in together(inside))
            lines.append(f"    {number + 1:>3} {told}")
    return lines


def together(notes: Sequence[Note]) -> list[list[Note]]:
    """Notes grouped by the tick they start on."""
    groups: dict[Tick, list[Note]] = {}
    for note in notes:
        groups.setdefault(note.start, []).append(note)
    return list(groups.values())


def chord_text(group: Sequence[Note], bar: Tick, unit: float, flats: bool) -> str:
    """``2.5:C4+E4+G4/1v80``: beat, pitches, beats held, velocity of the top note."""
    beat = 1 + (group[0].start - bar) / unit
    manner = f"~{group[0].manner}" if group[0].manner else ""
    held = max(note.length for note in group) / unit
    return f"{beat:.4g}:{'+'.join(pitch_name(n.pitch, flats) for n in group)}/{held:.3g}v{group[-1].velocity}{manner}"


# -- sound ---------------------------------------------------------------------------------------------------------------


def audio_card(samples: NDArray[np.float32], lufs: float, peak: float) -> str:
    """What a stereo recording (2, n) is like: length, loudness, true peak, octave bands, balance. dB to one decimal."""
    import numpy as np

    mono = samples.mean(axis=0, dtype=np.float64)
    power = np.abs(np.fft.rfft(mono)) ** 2
    edges = np.searchsorted(
        np.fft.rfftfreq(mono.size, 1 / SAMPLE_RATE), [f / 2**0.5 for f in (*_BANDS, 2 * _BANDS[-1])]
    )
    bands = [power[a:b].sum() for a, b in itertools.pairwise(edges)]
    total = power.sum() or 1.0
    left, right = (float(np.sqrt(np.mean(side.astype(np.float64) ** 2))) for side in samples)
    lines = [
        f"length   {samples.shape[1]} samples, {samples.shape[1] / SAMPLE_RATE:.3f} s",
        f"loudness {lufs:.1f} LUFS, true peak {peak:.1f} dBTP",
        "bands    " + "  ".join(f"{f:g} Hz {decibels(b / total):.1f}" for f, b in zip(_BANDS, bands, strict=True)),
        f"balance  {decibels((left / (right or 1e-12)) ** 2):+.1f} dB left of right",
    ]
    return "\n".join(lines) + "\n"


def decibels(power: float) -> float:
    """A power ratio in dB, not below -120."""
    from math import log10

    return 10 * log10(max(power, 1e-12))
