"""Touches to a finished tune: sparser, different on its return, with one highest tone, with enough of its chord."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble.breath import monophonic
from scorekit.ensemble.grid import early
from scorekit.ensemble.melody import Setting, Spot, dissonance, spot
from scorekit.ensemble.motifs import Slot, Tone, other_words
from scorekit.ensemble.tunes import between, ornamented, reaimed
from scorekit.seeds import Seed
from scorekit.timebase import PPQ

LITERAL = ("motif", "answer", "motif copy")
"""Tones that return as they are, and so are best left alone."""


def sparser(setting: Setting, tones: Sequence[Tone], share: float) -> tuple[Tone, ...]:
    """The line without that share of its tones: weak places go, alike in every two bars; phrases keep their ends."""
    inner = [n for n in range(1, len(tones) - 1) if tones[n + 1].start - tones[n].end < PPQ // 2]
    meter, gone = setting.section.meter, set[int]()
    places = {tones[n].start % (2 * meter.bar) for n in inner}
    for place in sorted(places, key=lambda at: (meter.strength(at), -at)):
        if len(gone) < round(share * len(tones)):
            gone |= {n for n in inner if tones[n].start % (2 * meter.bar) == place}
    out: list[Tone] = []
    for n, tone in enumerate(tones):
        if n not in gone:
            out.append(tone)
        elif out and out[-1].end == tone.start:
            out[-1] = replace(out[-1], length=min(out[-1].length + tone.length, 2 * PPQ))
    return tuple(out)


def varied(setting: Setting, tones: Sequence[Tone], more: float, seed: Seed) -> tuple[Tone, ...]:
    """A return that is no photocopy: one small edit toward its end, for a tune is known by what stays.

    With the chance ``more`` another edit follows. All drawn from this occurrence's own seed.
    """
    out, kept = tuple(tones), frozenset((t.start, t.pitch) for t in tones)
    order = sorted(EDITS, key=lambda edit: seed.unit(f"edit/{edit}") / EDITS[edit])
    for n, edit in enumerate(order):
        changed = sum((t.start, t.pitch) not in kept for t in out)
        if len(tones) > 3 and (not changed or seed.chance(f"more/{n}", more)):
            out = _edited(setting, edit, out, seed)
    return monophonic(out)


def risen(setting: Setting, tones: Sequence[Tone], seed: Seed) -> tuple[Tone, ...]:
    """A last chorus: most long tones of its second half go up to the next tone of the chord, as singers do when it counts."""
    out = list(tones)
    for n, tone in enumerate(tones):
        late = tone.start * 2 >= setting.section.length and tone.length >= PPQ and n < len(tones) - 1
        if late and seed.chance(f"rise/{tone.start}", 0.6):
            chord = spot(setting, tone).chord
            reach = range(tone.pitch + 2, min(tone.pitch + 6, setting.high) + 1)
            out[n] = replace(tone, pitch=next((p for p in reach if p % 12 in chord), tone.pitch))
    return tuple(out)


def crowned(setting: Setting, tones: Sequence[Tone], high: int) -> tuple[Tone, ...]:
    """The song's last say of a hook: its highest tone, of several the longest, goes up to the next tone of its chord, as far
    as the lane has room."""
    if len(tones) < 3:
        return tuple(tones)
    top = max(t.pitch for t in tones)
    n = max((n for n, t in enumerate(tones) if t.pitch == top), key=lambda n: (tones[n].length, n))
    reach = [p for p in range(top + 1, min(top + 5, high) + 1) if p % 12 in spot(setting, tones[n]).chord]
    return (*tones[:n], replace(tones[n], pitch=reach[0]), *tones[n + 1 :]) if reach else tuple(tones)


def homed(setting: Setting, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """A chorus that comes home: its last tone goes to the nearest tonic where its chord has that."""
    if not tones:
        return ()
    last, tonic = tones[-1], setting.section.key.tonic
    if tonic not in spot(setting, last).chord:
        return tuple(tones)
    pitch = theory.nearest(last.pitch, (tonic,), setting.low, setting.high)
    return (*tones[:-1], replace(last, pitch=pitch, idea="motif copy, home"))


EDITS = {"tail": 9.0, "words": 3.0, "early": 1.0, "ornament": 1.0, "drop": 0.1}
"""What changes in a return, and how readily."""


def _edited(setting: Setting, edit: str, tones: tuple[Tone, ...], seed: Seed) -> tuple[Tone, ...]:
    """The line with its last tones sung anew or to other words, one tone ahead of its beat, one more or one fewer."""
    if edit == "drop":
        return (*tones[:-2], replace(tones[-1], start=tones[-2].start, length=tones[-1].end - tones[-2].start))
    if edit == "tail":
        last = setting.section.bars - 1
        slot = Slot(last // 2, last, 1, "a", "'", "." if setting.section.cadence == "closed" else "?")
        return reaimed(setting, slot, tones, seed.at("tail"), "motif copy, new tail", 1)
    if edit == "words":
        cut = len(tones) // 2
        return (*tones[:cut], *other_words(tones[cut:], setting.section, seed))
    half = len(tones) * 3 // 4
    if edit == "early":
        return (*tones[:half], *_early(setting, tones[half:], seed))
    spots = [n for n in range(half, len(tones) - 1) if between(setting, tones[n], tones[n + 1])]
    if not spots:
        return tones
    n = seed.choose("spot", spots)
    return (*tones[:n], *ornamented(setting, tones[n : n + 2], 1.0, seed), *tones[n + 2 :])


def _early(setting: Setting, unit: Sequence[Tone], seed: Seed) -> Sequence[Tone]:
    """One tone on a beat pulled ahead by an eighth (a third), the tone before it giving way."""
    ahead, meter = early(setting.section), setting.section.meter
    room = range(1, len(unit))
    free = [n for n in room if meter.strength(unit[n].start) >= 0.6 and unit[n].start - unit[n - 1].start > ahead]
    if not free:
        return unit
    n = seed.choose("early", free)
    pulled = replace(unit[n], start=unit[n].start - ahead, length=unit[n].length + ahead, idea="anticipation")
    return [*unit[:n], pulled, *unit[n + 1 :]]


def climax(setting: Setting, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """The line with one highest tone: of several, the one nearest two thirds of the way rises a step or two. Where none can, the
    others give way, but not those of a hook, which is known by its top."""
    if len(tones) < 3:
        return tuple(tones)
    top = max(t.pitch for t in tones)
    peaks = [n for n, t in enumerate(tones) if t.pitch == top and t.idea != "approach"]
    if len(peaks) < 2:
        return tuple(tones)
    goal = setting.section.length * 2 // 3
    n = min(peaks, key=lambda k: (tones[k].idea in LITERAL, abs(tones[k].start - goal)))
    place = spot(setting, tones[n])
    wanted = place.chord if place.strong or tones[n].length >= PPQ else place.scale
    near = [tones[k].pitch for k in (n - 1, n + 1) if 0 <= k < len(tones)]
    reach = range(top + 1, min(top + 5, int(setting.roof), min(near) + 7) + 1)
    higher = [p for p in reach if p % 12 in wanted]
    if higher:
        return (*tones[:n], replace(tones[n], pitch=higher[0]), *tones[n + 1 :])
    if setting.kind == "hook":
        return tuple(tones)
    lower = {k: _below(top, spot(setting, t)) for k, t in enumerate(tones) if t.pitch == top and k != n}
    return tuple(replace(t, pitch=lower.get(k, t.pitch)) for k, t in enumerate(tones))


def rested(setting: Setting, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """The line with no tone held, or left hanging before a rest, a semitone from a tone of its chord: it gives way to that. A
    tone that goes on by step within a beat and a half may, and a tension that the genre rests on."""
    out = list(tones)
    ends = [*(t.start for t in out[1:]), setting.section.length]
    for n in range(len(out) - 1, -1, -1):
        tone, after = out[n], out[n + 1] if n + 1 < len(out) else None
        hangs = ends[n] - tone.end >= PPQ * 3 // 4 and tone.length >= PPQ // 2
        if tone.length < PPQ and not hangs:
            continue
        goes_on = after is not None and not hangs and 0 < abs(after.pitch - tone.pitch) <= 2
        place = spot(setting, tone)
        beside = [p for p in (tone.pitch - 1, tone.pitch + 1) if p % 12 in place.chord]
        if tone.pitch % 12 in place.chord or not beside or (goes_on and tone.length < PPQ * 3 // 2):
            continue
        if beside == [tone.pitch + 1] and (tone.pitch - place.root) % 12 in setting.ideas.tensions:
            continue
        out[n] = replace(tone, pitch=theory.nearest(tone.pitch, tuple(sorted(place.chord)), setting.low, setting.high))
    return tuple(out)


def banded(setting: Setting, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """The line with no fewer chord tones on strong beats than its genre allows: the last misfits go to the nearest."""
    places = [spot(setting, t) for t in tones]
    strong = [n for n, place in enumerate(places) if place.strong]
    off = [n for n in strong if tones[n].pitch % 12 not in places[n].chord and tones[n].idea != "approach"]
    spare = int((1 - setting.ideas.chord_tones[0]) * len(strong))
    worst = sorted(off, key=lambda n: (dissonance(tones[n].pitch, places[n]), n))[spare:]
    out = list(tones)
    for n in worst:
        near = theory.nearest(out[n].pitch, tuple(sorted(places[n].chord)), setting.low, setting.high)
        out[n] = replace(out[n], pitch=near)
    return tuple(out)


def _below(pitch: int, place: Spot) -> int:
    """The next pitch under a pitch that its place allows."""
    wanted = place.chord if place.strong or place.long else place.scale
    return next((p for p in range(pitch - 1, pitch - 13, -1) if p % 12 in wanted), pitch - 12)
