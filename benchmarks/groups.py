"""Pieces by what their lines do, whoever plays them, and measures of what players do with one another.

No command: ``tells.py`` asks it. Nobody is known by name but drums, bass and, where there is one, the lead; else the tune is
guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scorekit.smells import bands, beats
from scorekit.smells.piece import Line, Piece, line, top
from scorekit.timebase import PPQ

Bar = tuple[tuple[int, tuple[int, ...]], ...]
"""What a line strikes in a bar: (step, pitches) in order."""
Value = float | None


# -- who is who ------------------------------------------------------------------------------------


def strokes(one: Line) -> list[tuple[int, tuple[int, ...]]]:
    """(tick, pitches) of what a line strikes at once."""
    found: dict[int, set[int]] = {}
    for start, pitch in zip(one.start.tolist(), one.pitch.tolist(), strict=True):
        found.setdefault(start, set()).add(pitch)
    return [(start, tuple(sorted(pitches))) for start, pitches in sorted(found.items())]


def sings(piece: Piece, one: Line) -> float:
    """How much a line is like a tune: one note at a time, high, often there, of many pitches."""
    struck = strokes(one)
    alone = float(np.mean([len(pitches) == 1 for _, pitches in struck]))
    there = float(bands.active(piece, one).mean())
    height = (float(np.median(one.pitch)) - 60) / 24
    pitches = min(1.0, len(set(one.pitch.tolist())) / 12)
    return 2 * (alone > 0.75) + there + 0.5 * height + pitches - 2 * (len(struck) < piece.count / 2)


class Group(Struct, frozen=True, eq=False, dict=True):
    """A piece with its lines by what they do."""

    piece: Piece
    tune: Line
    bass: Line
    others: tuple[Line, ...]
    """All pitched lines but tune and bass."""

    @cached_property
    def chords(self) -> tuple[Line, ...]:
        """Compers: those that strike chords, two strokes a bar and more where they play."""
        return tuple(one for one in self.others if self.comps(one))

    def comps(self, one: Line) -> bool:
        """Whether a line is a comper's."""
        struck = strokes(one)
        bars = len(set(self.piece.bar_of(np.array([at for at, _ in struck], np.int64)).tolist()))
        return float(np.mean([len(p) >= 2 for _, p in struck])) >= 0.4 and len(struck) >= 2 * bars and bars >= 8

    @cached_property
    def figures(self) -> tuple[Line, ...]:
        """All who accompany in figures, bass included: two strokes a bar and more."""
        lines = (self.bass, *self.others) if len(self.bass) else self.others
        return tuple(one for one in lines if len(strokes(one)) >= 2 * max(1, int(bands.active(self.piece, one).sum())))

    @cached_property
    def playing(self) -> NDArray[np.bool_]:
        """Whether each line (drums included) sounds in each bar."""
        return np.array([bands.active(self.piece, one) for one in self.piece.lines if len(one)], bool)

    @cached_property
    def written(self) -> dict[str, list[Bar]]:
        """Every pitched line bar by bar."""
        return {one.part: bars_of(self.piece, one) for one in (self.tune, self.bass, *self.others)}


def bars_of(piece: Piece, one: Line) -> list[Bar]:
    """What a line strikes in each bar, in steps of the grid that fits it best."""
    grid = 3 if strays(one, 3) < 0.8 * strays(one, 4) else 4
    found: list[dict[int, set[int]]] = [{} for _ in range(piece.count)]
    steps = np.rint(one.start * grid / PPQ).astype(np.int64)
    lines = np.rint(piece.bars * grid / PPQ).astype(np.int64)
    for step, pitch in zip(steps.tolist(), one.pitch.tolist(), strict=True):
        bar = min(int(np.searchsorted(lines, step, "right")) - 1, piece.count - 1)
        found[bar].setdefault(step - int(lines[bar]), set()).add(pitch)
    return [tuple((step, tuple(sorted(bar[step]))) for step in sorted(bar)) for bar in found]


def strays(one: Line, grid: int) -> float:
    """Mean distance of onsets to a grid of so many steps a beat, in beats."""
    at = one.start * grid / PPQ
    return float(np.mean(np.abs(at - np.rint(at)))) / grid if len(one) else 0.0


def group_of(piece: Piece) -> Group:
    """A piece by what its lines do; the line called lead is the tune where it is there, else the likeliest."""
    bass = piece.part("bass")
    rest = [one for one in piece.pitched if one.part != "bass"]
    lead = piece.part("lead")
    named = len(lead) and bands.active(piece, lead).mean() >= 0.15
    tune = lead if named else max(rest, key=lambda one: sings(piece, one), default=line("lead", ()))
    return Group(piece, tune, bass, tuple(one for one in rest if one is not tune))


# -- small tools -----------------------------------------------------------------------------------


def mean(values: Iterable[float], least: int = 6) -> Value:
    """Mean of enough values, else None."""
    found = list(values)
    return float(np.mean(found)) if len(found) >= least else None


def rhythm(bar: Bar) -> tuple[int, ...]:
    """Steps a bar strikes."""
    return tuple(step for step, _ in bar)


def shape(bar: Bar) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """A bar with its pitches by their rank in it: the same figure on another chord is equal."""
    rank = {pitch: n for n, pitch in enumerate(sorted({p for _, pitches in bar for p in pitches}))}
    return tuple((step, tuple(rank[p] for p in pitches)) for step, pitches in bar)


def same(group: Group, lines: Sequence[Line], what: Callable[[Bar], object], lags: Sequence[int] = (1,)) -> Value:
    """Share of bars that are the same as one of those so many bars before, of bars in which a line plays in both."""
    found = []
    for one in lines:
        bars = group.written[one.part]
        told = [what(bar) for bar in bars]
        for n in range(max(lags), len(bars)):
            if bars[n] and any(bars[n - lag] for lag in lags):
                found += [any(told[n] == told[n - lag] for lag in lags)]
    return mean(found, 8)


def turns(group: Group, beat: int) -> Value:
    """Share of lines in figures whose rhythm is new (not of the two bars before) in bars ``beat`` of four, 0 to 3."""
    found = []
    for one in group.figures:
        told = [rhythm(bar) for bar in group.written[one.part]]
        rows = (n for n in range(2, len(told)) if n % 4 == beat and told[n] and told[n - 1] and told[n - 2])
        found += [told[n] not in (told[n - 1], told[n - 2]) for n in rows]
    return mean(found, 6)


def turning_more(group: Group) -> Value:
    """How much likelier a line leaves its figure in the fourth bar than in the second and third."""
    fourth, others = turns(group, 3), [turns(group, beat) for beat in (1, 2)]
    known = [value for value in others if value is not None]
    return fourth - float(np.mean(known)) if fourth is not None and known else None


def blocks(piece: Piece, size: int = 8) -> list[range]:
    """Whole blocks of bars."""
    return [range(at, at + size) for at in range(0, piece.count - size + 1, size)]


def within(piece: Piece, one: Line, bars: range) -> Line:
    """The notes of a line that begin in these bars."""
    return one.only((one.start >= piece.bars[bars.start]) & (one.start < piece.bars[bars.stop]))


def pairs(lines: Sequence[Line]) -> list[tuple[Line, Line]]:
    """All pairs."""
    return list(combinations(lines, 2))


# -- compers and bass ------------------------------------------------------------------------------


def coincide(group: Group) -> Value:
    """Of two compers' strokes in bars both play, the share on which both strike (Jaccard), mean of bars."""
    found = []
    for a, b in pairs(group.chords):
        for x, y in zip(group.written[a.part], group.written[b.part], strict=True):
            if x and y:
                p, q = set(rhythm(x)), set(rhythm(y))
                found.append(len(p & q) / len(p | q))
    return mean(found)


def identical(group: Group) -> Value:
    """Share of bars in which two compers play the very same rhythm."""
    found = [
        rhythm(x) == rhythm(y)
        for a, b in pairs(group.chords)
        for x, y in zip(group.written[a.part], group.written[b.part], strict=True)
        if x and y
    ]
    return mean(found)


def octave_apart(group: Group) -> Value:
    """Share of pairs of accompanying lines (bass left out) whose middles lie an octave or more apart."""
    return mean((abs(float(np.median(a.pitch) - np.median(b.pitch))) >= 12 for a, b in pairs(group.others)), 1)


def voices_struck(group: Group) -> Value:
    """Notes of a comper's stroke."""
    return mean((len(p) for one in group.chords for _, p in strokes(one)), 16)


def strokes_a_bar(group: Group) -> Value:
    """Strokes of a comper in a bar in which it plays."""
    return mean((len(bar) for one in group.chords for bar in group.written[one.part] if bar), 8)


def held(group: Group) -> Value:
    """How long a comper's stroke lasts, of the time to its next (at most 1), median."""
    found: list[float] = []
    for one in group.chords:
        at = np.unique(one.start)
        gaps = dict(zip(at[:-1].tolist(), np.diff(at).tolist(), strict=True))
        rows = zip(one.start.tolist(), one.end.tolist(), strict=True)
        found += [min(1.0, (e - s) / gaps[s]) for s, e in rows if 0 < gaps.get(s, 0) <= 4 * PPQ]
    return float(np.median(found)) if len(found) >= 16 else None


def block_bars(group: Group) -> Value:
    """Share of compers' bars in which every stroke is of three notes or more."""
    return mean((all(len(p) >= 3 for _, p in bar) for c in group.chords for bar in group.written[c.part] if bar), 8)


def on_bass(group: Group) -> Value:
    """Share of bass onsets on which a comper strikes too, in bars with both."""
    found = []
    for one in group.chords:
        for x, y in zip(group.written[one.part], group.written.get("bass", ()), strict=False):
            if x and y:
                found += [step in set(rhythm(x)) for step in rhythm(y)]
    return mean(found, 16)


def doubled(group: Group) -> Value:
    """Share of notes of accompanying lines that another one strikes at the same time on the same pitch class."""
    found = []
    struck = {one.part: set(zip(one.start.tolist(), (one.pitch % 12).tolist(), strict=True)) for one in group.others}
    for part, mine in struck.items():
        theirs = set().union(*(other for name, other in struck.items() if name != part))
        found += [note in theirs for note in mine]
    return mean(found, 32) if len(group.others) >= 2 else None


def in_unison(group: Group) -> Value:
    """Share of blocks of four bars in which two pitched lines play the same, octaves apart or not, nine notes in ten."""
    found = []
    lines = (group.bass, group.tune, *group.others)
    for bars in blocks(group.piece, 4):
        parts = [within(group.piece, one, bars) for one in lines]
        heard = [set(zip((p.start // 60).tolist(), (p.pitch % 12).tolist(), strict=True)) for p in parts if len(p) >= 6]
        if len(heard) >= 2:
            found.append(any(len(a & b) >= 0.9 * max(len(a), len(b)) for a, b in combinations(heard, 2)))
    return mean(found, 3)


def reach(group: Group) -> Value:
    """Semitones from the middle of the lowest accompanying line (bass left out) to that of the highest."""
    found = [float(np.median(one.pitch)) for one in group.others if len(one) >= 16]
    return max(found) - min(found) if len(found) >= 2 else None


def bass_span(group: Group) -> Value:
    """Semitones between the lowest and highest tenth of the bass."""
    return float(np.subtract(*np.percentile(group.bass.pitch, (90, 10)))) if len(group.bass) >= 16 else None


# -- who is there ----------------------------------------------------------------------------------


def entries(group: Group) -> Value:
    """Lines that come in after a silent bar, in 32 bars; the first bar does not count."""
    come = group.playing[:, 1:] & ~group.playing[:, :-1]
    return 32 * float(come.sum()) / max(1, group.piece.count)


def same_set(group: Group) -> Value:
    """Share of bars with the very same lines as eight bars before."""
    on = group.playing
    return float(np.mean(np.all(on[:, 8:] == on[:, :-8], axis=0))) if group.piece.count >= 16 else None


def there(group: Group, block: Callable[[list[float]], float]) -> Value:
    """Share of the lines that sound in some block of eight bars."""
    found = [float(group.playing[:, bars.start : bars.stop].any(axis=1).mean()) for bars in blocks(group.piece)]
    return block(found) if len(found) >= 3 else None


def short_stays(group: Group) -> Value:
    """Share of a line's stays (bars in a row) that are shorter than four bars."""
    found = []
    for row in group.playing:
        edges = np.flatnonzero(np.diff(np.concatenate(([False], row, [False])).astype(np.int64)))
        found += [stop - start < 4 for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    return mean(found, 3)


def one_by_one(group: Group) -> Value:
    """Of all entries after the first bar, the share in bars in which nobody else comes in."""
    come = (group.playing[:, 1:] & ~group.playing[:, :-1]).sum(axis=0)
    return float((come == 1).sum() / come.sum()) if come.sum() >= 3 else None


def changes_at_eights(group: Group) -> Value:
    """Of all comings and goings, the share on a line of eight bars."""
    change = (group.playing[:, 1:] != group.playing[:, :-1]).sum(axis=0)
    at_eight = [int(n) for bar, n in enumerate(change.tolist(), 1) if bar % 8 == 0]
    return float(sum(at_eight) / change.sum()) if change.sum() >= 4 else None


def moved_register(group: Group) -> Value:
    """Share of lines (tune and bass left out) whose middle moves seven semitones or more from eight bars to the next eight."""
    found = []
    for one in group.others:
        middles = [
            float(np.median(part.pitch)) if len(part := within(group.piece, one, bars)) >= 4 else None
            for bars in blocks(group.piece)
        ]
        found += [abs(a - b) >= 7 for a, b in pairwise(middles) if a is not None and b is not None]
    return mean(found, 3)


# -- the tune and its room -------------------------------------------------------------------------


def tune_share(group: Group) -> Value:
    """Share of bars in which the tune sounds."""
    return float(bands.active(group.piece, group.tune).mean()) if len(group.tune) else None


def long_rests(group: Group) -> Value:
    """Rests of the tune of two whole bars and more, after it began and before it ends, in 32 bars."""
    on = np.flatnonzero(bands.active(group.piece, group.tune)) if len(group.tune) else np.zeros(0, np.int64)
    return 32 * float(np.sum(np.diff(on) >= 3)) / float(on[-1] - on[0] + 1) if len(on) >= 8 else None


def tune_rests(group: Group, least: int = 2 * PPQ) -> list[tuple[int, int]]:
    """Rests inside the tune, at least so long and at most two bars, as (from, to) in ticks."""
    melody = top(group.tune)
    ends = np.maximum.accumulate(melody.end) if len(melody) else melody.end
    rows = zip(ends[:-1].tolist(), melody.start[1:].tolist(), strict=True)
    return [(a, b) for a, b in rows if least <= b - a <= 2 * group.piece.meter.bar]


def answered(group: Group) -> Value:
    """Share of the tune's rests of two beats and more in which a line that was silent in the two beats before begins."""
    found = []
    for begin, end in tune_rests(group):
        found.append(
            any(
                np.sum((one.start >= begin - PPQ // 4) & (one.start < end)) >= 2
                and not np.any((one.start < begin - PPQ // 4) & (one.end > begin - 2 * PPQ))
                for one in group.others
            )
        )
    return mean(found, 4)


def busier(group: Group) -> Value:
    """Onsets a beat of all accompanying lines in the tune's rests, over those of the whole (log, 0: the same)."""
    at = np.concatenate([np.unique(one.start) for one in group.others]) if group.others else np.zeros(0, np.int64)
    rests = tune_rests(group)
    span = sum(end - begin for begin, end in rests)
    whole = len(at) / max(1, int(group.piece.bars[-1]))
    if len(rests) < 4 or not len(at):
        return None
    return float(
        np.log((sum(int(np.sum((at >= a) & (at < b))) for a, b in rests) / span + whole / 20) / (whole * 1.05))
    )


def over_tune(group: Group, low: int, high: int) -> Value:
    """Share of the tune's notes over which an accompanying line sounds so many semitones above, on their first half."""
    melody = top(group.tune)
    if len(melody) < 24 or not group.others:
        return None
    start, end, pitch = (np.concatenate([getattr(o, name) for o in group.others]) for name in ("start", "end", "pitch"))
    rows = zip(melody.start.tolist(), melody.end.tolist(), melody.pitch.tolist(), strict=True)
    found = []
    for s, e, p in rows:
        on = (np.minimum(end, e) - np.maximum(start, s)) * 2 >= e - s
        found.append(bool(np.any(on & (pitch >= p + low) & (pitch <= p + high))))
    return mean(found)


def middle(group: Group, family: str) -> Value:
    """Median pitch of the top voice of a family's lines: files give each player a line, ours a line to a section of them."""
    found = [top(one).pitch for one in group.piece.pitched if one.part.rstrip("+") == family]
    return float(np.median(np.concatenate(found))) if found and sum(map(len, found)) >= 16 else None


def tune_height(group: Group) -> Value:
    """Semitones from the middle of the accompaniment (bass left out) up to the tune's."""
    if len(group.tune) < 24 or not group.others:
        return None
    return float(np.median(group.tune.pitch) - np.median(np.concatenate([one.pitch for one in group.others])))


def phrases(group: Group) -> list[Line]:
    """The tune between rests of a beat and more, those of five notes and more."""
    melody = top(group.tune)
    if len(melody) < 24:
        return []
    cuts = np.flatnonzero(melody.start[1:] - melody.end[:-1] >= PPQ) + 1
    marks = [0, *cuts.tolist(), len(melody)]
    every = np.arange(len(melody))
    return [melody.only((every >= a) & (every < b)) for a, b in pairwise(marks) if b - a >= 5]


def phrase_spread(group: Group) -> Value:
    """Standard deviation of the tune's velocity in a phrase."""
    return mean((float(np.std(one.velocity)) for one in phrases(group)), 3)


def phrase_arch(group: Group) -> Value:
    """Velocity of a phrase's middle half over that of its outer quarters."""
    found = []
    for one in phrases(group):
        place = np.linspace(0, 1, len(one))
        inner = (place >= 0.25) & (place <= 0.75)
        found.append(float(one.velocity[inner].mean() - one.velocity[~inner].mean()))
    return mean(found, 3)


# -- the whole -------------------------------------------------------------------------------------


def heard_before(group: Group) -> Value:
    """Share of accompanying lines' bars that are, note for note, some bar the line has played before."""
    found = []
    for one in (group.bass, *group.others):
        known: set[Bar] = set()
        for bar in group.written[one.part]:
            if bar:
                found.append(bar in known)
                known.add(bar)
    return mean(found, 16)


def drums_heard_before(group: Group) -> Value:
    """Share of drummers' bars that are, stroke for stroke, some bar played before."""
    bars = [bar for bar in beats.bar_sets(group.piece) if bar]
    return mean((bar in bars[:n] for n, bar in enumerate(bars)), 16)


def out_of_scale(group: Group) -> Value:
    """Share of pitched notes outside the major scale that fits the piece best."""
    counts = sum(np.bincount(one.pitch % 12, minlength=12) for one in group.piece.pitched)
    total = int(np.sum(counts))
    fits = [int(np.sum(np.roll(counts, -tonic)[[0, 2, 4, 5, 7, 9, 11]])) for tonic in range(12)] if total else []
    return 1 - max(fits) / total if total >= 64 else None


def louder(group: Group) -> Value:
    """Mean velocity of the loudest block of eight bars over the softest."""
    found = [
        float(np.mean(np.concatenate([within(group.piece, one, bars).velocity for one in group.piece.lines])))
        for bars in blocks(group.piece)
        if any(len(within(group.piece, one, bars)) for one in group.piece.lines)
    ]
    return max(found) - min(found) if len(found) >= 3 else None


def levels(group: Group) -> Value:
    """Standard deviation between pitched lines of their mean velocity."""
    found = [float(one.velocity.mean()) for one in group.piece.pitched]
    return float(np.std(found)) if len(found) >= 3 else None


def onsets(group: Group) -> Value:
    """Onsets a beat, all pitched lines together."""
    return float(bands.density(group.piece).mean() * PPQ / group.piece.meter.bar)


def rubs(group: Group) -> Value:
    """Share of accompanying notes with another line's a semitone or minor ninth off for half a beat and more."""
    found = []
    for a, b in pairs((group.bass, *group.others)):
        if len(a) and len(b):
            on = np.minimum(a.end[:, None], b.end) - np.maximum(a.start[:, None], b.start) >= PPQ // 2
            near = np.isin(np.abs(a.pitch[:, None] - b.pitch), (1, 13))
            found += np.any(on & near, axis=1).tolist()
    return mean(found, 32)


def mud(group: Group) -> Value:
    """Share of pairs struck at once, all lines together, below their interval's limit."""
    return bands.mud(group.piece, together=True)


def last_bar(group: Group) -> Value:
    """Onsets in the last bar that has any, over the mean of bars."""
    found = bands.density(group.piece)
    found = found[: int(np.flatnonzero(found)[-1]) + 1] if found.any() else found
    return float(found[-1] / found.mean()) if len(found) >= 8 else None


MEASURES: dict[tuple[str, str], Callable[[Group], Value]] = {
    ("comp", "bar in the rhythm of the bar before"): lambda g: same(g, g.chords, rhythm),
    ("comp", "bar in the rhythm of one of the two before"): lambda g: same(g, g.chords, rhythm, (1, 2)),
    ("comp", "bar the same figure as the bar before"): lambda g: same(g, g.chords, shape),
    ("comp", "bar in the rhythm of four before"): lambda g: same(g, g.chords, rhythm, (4,)),
    ("comp", "bar in the rhythm of eight before"): lambda g: same(g, g.chords, rhythm, (8,)),
    ("comp", "two compers' strokes that coincide"): coincide,
    ("comp", "two compers in one rhythm"): identical,
    ("comp", "notes a stroke"): voices_struck,
    ("comp", "strokes a bar"): strokes_a_bar,
    ("comp", "length of a stroke to the next"): held,
    ("comp", "bars of block chords"): block_bars,
    ("comp", "bass onsets with a comper"): on_bass,
    ("comp", "lines an octave apart"): octave_apart,
    ("comp", "notes doubled by another line"): doubled,
    ("comp", "semitones from lowest to highest line"): reach,
    ("whole", "four bars with two lines in unison"): in_unison,
    ("bass", "bar in the rhythm of the bar before"): lambda g: same(g, (g.bass,), rhythm),
    ("bass", "bar the same figure as the bar before"): lambda g: same(g, (g.bass,), shape),
    ("bass", "bar in the rhythm of four before"): lambda g: same(g, (g.bass,), rhythm, (4,)),
    ("bass", "bar in the rhythm of eight before"): lambda g: same(g, (g.bass,), rhythm, (8,)),
    ("bass", "span, semitones"): bass_span,
    ("turn", "lines that leave their figure in a fourth bar"): lambda g: turns(g, 3),
    ("turn", "in a second bar"): lambda g: turns(g, 1),
    ("turn", "fourth bar over second and third"): turning_more,
    ("who", "entries in 32 bars"): entries,
    ("who", "entries of one line alone"): one_by_one,
    ("who", "same lines as eight bars before"): same_set,
    ("who", "lines in the fullest eight bars"): lambda g: there(g, max),
    ("who", "lines in the first eight bars"): lambda g: there(g, lambda found: found[0]),
    ("who", "stays shorter than four bars"): short_stays,
    ("who", "comings and goings on lines of eight"): changes_at_eights,
    ("who", "lines that change register in eight bars"): moved_register,
    ("tune", "share of bars"): tune_share,
    ("tune", "rests of two bars, in 32"): long_rests,
    ("tune", "rests answered by a new voice"): answered,
    ("tune", "others busier in its rests, log"): busier,
    ("tune", "others 1 to 4 semitones above"): lambda g: over_tune(g, 1, 4),
    ("tune", "others anywhere above"): lambda g: over_tune(g, 1, 48),
    ("tune", "semitones over the accompaniment"): tune_height,
    ("tune", "velocity spread in a phrase"): phrase_spread,
    ("tune", "velocity of a phrase's middle over its ends"): phrase_arch,
    ("whole", "bars heard before, note for note"): heard_before,
    ("whole", "drummers' bars heard before"): drums_heard_before,
    ("whole", "notes outside its scale"): out_of_scale,
    ("whole", "loudest eight bars over softest"): louder,
    ("whole", "spread of lines' levels"): levels,
    ("whole", "onsets a beat"): onsets,
    ("whole", "notes that rub"): rubs,
    ("whole", "mud of all together"): mud,
}
WHOLE: dict[tuple[str, str], Callable[[Group], Value]] = {
    ("sound", "brass, middle of the top voice"): lambda g: middle(g, "brass"),
    ("sound", "strings, middle of the top voice"): lambda g: middle(g, "strings"),
    ("sound", "guitar, middle of the top voice"): lambda g: middle(g, "guitar"),
    ("sound", "keys, middle of the top voice"): lambda g: middle(g, "keys"),
    ("end", "onsets of the last bar over the mean"): last_bar,
}
"""What is asked of whole pieces, not of their first bars."""
SUNG = (
    "share of bars",
    "rests of two bars, in 32",
    "velocity spread in a phrase",
    "velocity of a phrase's middle over its ends",
)
"""What is asked of tunes alone, so that songs of POP909, whose tunes are known and were played, can be asked too."""
