"""A genre's strings become the band's vocabulary: step strings to patterns, names checked, weights multiplied.

Ideas name the path they were written at (``drums.groove[pocket]``), so that notes can tell where they come from.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from scorekit.catalog import Catalog
from scorekit.compiler import strings
from scorekit.compiler.checks import Checks
from scorekit.compiler.genres import (
    Alternative,
    BassPattern,
    BassSpec,
    BehaviourSpec,
    CompRhythm,
    CompSpec,
    FillSpec,
    GenreSpec,
    SustainSpec,
    TimelineSpec,
)
from scorekit.compiler.keypath import item, join
from scorekit.compiler.wrong import Wrong
from scorekit.errors import Problem
from scorekit.ideas import (
    Arrange,
    BassIdeas,
    BassLine,
    Behaviour,
    CompCell,
    CompIdeas,
    DrumIdeas,
    Fill,
    Groove,
    Hit,
    Ideas,
    Layer,
    MelodyIdeas,
    Pattern,
    RiffIdeas,
    SustainIdeas,
    Timeline,
    VoiceIdeas,
    Walk,
)
from scorekit.theory import MINOR_QUALITY, QUALITIES, SCALES

Choice = TypeVar("Choice", bound=Alternative)
Made = TypeVar("Made")

TENSIONS = {"9": 2, "#9": 3, "#11": 6, "13": 9, "7": 11}
"""Semitones above a root of what a tune may rest on beside the chord."""
MAX_TOLD = 100
"""Most mistakes told of one genre."""
BANDS = (("slow", 72.0), ("medium", 108.0), ("fast", 158.0), ("breakneck", 210.0))
"""Feel bands, each with the tempo that stands for it."""
_WALK_DEGREE = r"R|s|8|[b#]?(?:[2-7]|9|11|13)"
_APPROACH = r"[+-]\d{1,2}|other"


def ideas(
    genre: GenreSpec, catalog: Catalog, weights: Mapping[str, float] | None = None
) -> tuple[Ideas, list[Problem]]:
    """The vocabulary of a genre, and everything wrong with its strings and names. ``weights`` are a model's."""
    reader = _Vocabulary(genre, catalog, weights or {})
    vocabulary = reader.everything()
    return vocabulary, reader.problems[:MAX_TOLD]


def colours(genre: GenreSpec) -> dict[str, tuple[str, ...]]:
    """Extensions by kind of chord as qualities of theory.CHORDS: a ``9`` under ``minor`` is a minor ninth chord."""
    return {
        kind: tuple(
            MINOR_QUALITY.get(quality, quality) if kind == "minor" else quality
            for quality in (QUALITIES[text] for text in texts if text in QUALITIES)
        )
        for kind, texts in genre.harmony.color.items()
    }


def weighed(weights: Mapping[str, float], path: str, name: str, weight: float) -> float:
    """A weight times what a model makes of it, by id, by path, or by path with dots (``drums.groove.pocket``)."""
    dotted = path.replace("[", ".").replace("]", "")
    return weight * next((weights[key] for key in (path, dotted, name) if key in weights), 1.0)


def interpolate(points: Sequence[tuple[float, float]], at: float) -> float:
    """The value of a curve given by rising points, level beyond its ends."""
    index = bisect_right([x for x, _ in points], at)
    if index in (0, len(points)):
        return points[min(index, len(points) - 1)][1]
    (x0, y0), (x1, y1) = points[index - 1], points[index]
    return y0 + (y1 - y0) * (at - x0) / (x1 - x0)


class _Vocabulary(Checks):
    """Reads one genre."""

    def __init__(self, genre: GenreSpec, catalog: Catalog, weights: Mapping[str, float]) -> None:
        super().__init__(genre, catalog)
        self.weights = weights

    def everything(self) -> Ideas:
        genre = self.genre
        self.check()
        return Ideas(
            self._drums(),
            self._bass(genre.bass),
            self._comp("guitar", genre.comp.guitar),
            self._comp("keys", genre.comp.keys),
            self._sustain("strings", genre.strings),
            self._sustain("brass", genre.brass),
            self._sustain("pads", genre.pads),
            self._melody(),
            self._riff(),
            self._voices(),
            self._arrange(),
        )

    # -- what every alternative needs

    def _each(
        self, base: str, items: Sequence[Choice], make: Callable[[str, str, Choice], Made | None]
    ) -> tuple[Made, ...]:
        """Ideas made of items; those with mistakes are left out."""
        named = all(one.id for one in items)
        made = (
            make(item(base, index, one.id if named else None), one.id or f"{base.split('.')[-2]}-{index + 1}", one)
            for index, one in enumerate(items)
        )
        return tuple(idea for idea in made if idea is not None)

    def _weight(self, path: str, name: str, one: Alternative) -> float:
        return weighed(self.weights, path, name, one.w)

    def _steps(self, path: str, text: str, bars: int | None, marks: str = strings.DRUM_MARKS) -> Pattern | None:
        return self.read(path, strings.steps, text, self.grid, bars, marks) if self.fits else None

    def _rows(
        self, path: str, rows: Mapping[str, str], read: Callable[[str, str], Pattern | None]
    ) -> tuple[tuple[str, Pattern], ...]:
        found = []
        for row, text in rows.items():
            where = join(path, "rows", row)
            known = self.known(where, "kit row", row, self.catalog.rows, on_key=True)
            pattern = read(where, text)
            if pattern and known:
                found.append((row, pattern))
        if len({pattern.steps for _, pattern in found}) > 1:
            self.wrong(join(path, "rows"), "rows of different lengths", "give every row the same number of bars")
        return tuple(found)

    # -- drums

    def _drums(self) -> DrumIdeas:
        drums, perc = self.genre.drums, self.genre.perc
        for operation in drums.vary:
            self.known(join("drums.vary", operation), "variation", operation, self.catalog.variations, on_key=True)
        return DrumIdeas(
            self._each("drums.groove", drums.groove, lambda path, name, one: Groove(
                name, one.tiers, self._weight(path, name, one), path, one.mask,
                self._rows(path, one.rows, lambda p, text: self._steps(p, text, one.bars)), one.feel)),
            self._each("drums.fill", drums.fill, self._fill),
            tuple(drums.vary.items()),
            self._each("perc.layer", perc.layer, lambda path, name, one: Layer(
                name, _tiers(one.tier_min, one.tiers), self._weight(path, name, one), path, one.mask,
                self._rows(path, one.rows, lambda p, text: self._steps(p, text, None)))),
            self._each("perc.timeline", perc.timeline, self._timeline),
            drums.crash,
            perc.share,
            perc.hands,
        )  # fmt: skip

    def _fill(self, path: str, name: str, one: FillSpec) -> Fill:
        grid = one.from_grid or self.grid
        total = max(1, one.beats * grid // self.meter.beats)

        def read(where: str, text: str) -> Pattern | None:
            return self.read(where, strings.steps, text, grid, total=total) if self.fits or one.from_grid else None

        rows = self._rows(path, one.rows, read)
        return Fill(name, one.tiers, self._weight(path, name, one), path, one.mask, one.beats, rows, one.crescendo)

    def _timeline(self, path: str, name: str, one: TimelineSpec) -> Timeline | None:
        for index, part in enumerate(one.parts):
            self.known(join(path, "parts", index), "part", part, self.catalog.specialists)
        pattern = self._cycle(path, one)
        weight = self._weight(path, name, one)
        tiers = _tiers(one.tier_min, one.tiers)
        return Timeline(name, tiers, weight, path, one.mask, pattern, one.parts) if pattern else None

    def _cycle(self, path: str, one: TimelineSpec) -> Pattern | None:
        if sum(value is not None for value in (one.steps, one.groups, one.euclid, one.cycle)) != 1:
            self.wrong(path, "a timeline is written in one of four ways", "give one of str, groups, euclid or cycle")
            return None
        if one.steps is not None:
            return self._steps(join(path, "str"), one.steps, None)
        if one.groups is not None:
            if sum(one.groups) % self.grid:
                self.wrong(join(path, "groups"), f"groups add up to {sum(one.groups)} steps",
                           f"a whole number of bars of {self.grid}")  # fmt: skip
            return _onsets([sum(one.groups[:i]) for i in range(len(one.groups))], sum(one.groups), self.grid)
        if one.euclid is not None:
            return self._euclid(path, *one.euclid)
        return self.read(join(path, "cycle"), _ratio, one.cycle or "", self.grid, self.grid // self.meter.beats)

    def _euclid(self, path: str, hits: int, length: int, rotation: int) -> Pattern | None:
        if hits > length:
            self.wrong(
                join(path, "euclid"), f"{hits} onsets do not fit into {length} steps", "[onsets, steps, rotation]"
            )
            return None
        onsets = sorted((-(-index * length // hits) + rotation) % length for index in range(hits))
        return _onsets(onsets, length, self.grid)

    # -- pitched parts

    def _bass(self, bass: BassSpec) -> BassIdeas:
        self._range("bass.range", bass.range)
        lines = self._each("bass.patterns", bass.patterns, partial(self._line, strings.PITCH_MARKS))
        return BassIdeas(*bass.range, lines, self._walk(bass), bass.kick_lock, bass.gate, bass.approach_p,
                         bass.stray)  # fmt: skip

    def _line(self, marks: str, path: str, name: str, one: BassPattern) -> BassLine | None:
        rhythm = self._steps(join(path, "rhythm"), one.rhythm, one.span, marks)
        self._told(path, one.deg, strings.degree, rhythm)
        weight = self._weight(path, name, one)
        return BassLine(name, one.tiers, weight, path, one.mask, rhythm, one.deg) if rhythm else None

    def _told(self, path: str, told: Sequence[str], reader: Callable[[str], str], rhythm: Pattern | None) -> None:
        """One degree for each onset."""
        for i, text in enumerate(told):
            self.read(join(path, "deg", i), reader, text)
        if rhythm and len(rhythm.hits) != len(told):
            self.wrong(join(path, "deg"), f"{len(told)} degrees for {len(rhythm.hits)} onsets",
                       "one degree for each sounding step of the rhythm")  # fmt: skip

    def _walk(self, bass: BassSpec) -> Walk | None:
        walk, two = bass.walk, bass.two_feel
        if two and not walk:
            self.wrong("bass.two_feel", "two_feel needs a walk beside it", "add a walk table")
        if not walk:
            return None
        first = self._degrees("bass.walk.first", walk.first)
        inner = self._degrees("bass.walk.inner", walk.inner)
        for step in walk.approach:
            if not re.fullmatch(_APPROACH, step):
                self.wrong(join("bass.walk.approach", step), f"unknown approach '{step}'",
                           'semitones such as "+1" or "-2", or other', on_key=True)  # fmt: skip
        third = self._degrees("bass.two_feel.third", two.third) if two else ()
        skips = tuple((band, interpolate(bass.skip_p, bpm)) for band, bpm in BANDS) if bass.skip_p else ()
        return Walk(walk.tiers, first, inner, tuple(walk.approach.items()), two.tiers if two else (), third, skips)

    def _degrees(self, path: str, weights: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
        for name in weights:
            if not re.fullmatch(_WALK_DEGREE, name):
                self.wrong(join(path, name), f"unknown degree '{name}'", "R 2 3 4 5 6 7 8, b7, or s for a scale step",
                           on_key=True)  # fmt: skip
        return tuple(weights.items())

    def _comp(self, part: str, comp: CompSpec) -> CompIdeas:
        base = f"comp.{part}"
        self._range(join(base, "lane"), comp.lane)
        for index, voicing in enumerate(comp.voicings):
            self.known(join(base, "voicings", index), "voicing", voicing, self.catalog.voicings)
        cells = self._each(join(base, "rhythms"), comp.rhythms, self._cell)
        return CompIdeas(
            *comp.lane, cells, comp.voicings, comp.push_p, comp.gapfill, comp.layout_p, comp.strum_ms, comp.gate,
            comp.stray, comp.licks,
        )  # fmt: skip

    def _cell(self, path: str, name: str, one: CompRhythm) -> CompCell | None:
        rhythm = self._steps(join(path, "str"), one.steps, None, strings.COMP_MARKS)
        weight = self._weight(path, name, one)
        if one.voicing is not None:
            self.known(join(path, "voicing"), "voicing", one.voicing, self.catalog.voicings)
        if one.deg:
            self._told(path, one.deg, strings.tone, rhythm)
        return CompCell(name, one.tiers, weight, path, one.mask, rhythm, one.voicing or "", one.deg) if rhythm else None

    def _sustain(self, part: str, spec: SustainSpec) -> SustainIdeas:
        self._range(join(part, "lane"), spec.lane)

        def behaviour(path: str, name: str, one: BehaviourSpec) -> Behaviour:
            self.known(join(path, "kind"), f"behaviour of {part}", one.kind, self.catalog.kinds(part))
            where = join(path, "str")
            rhythm = self._steps(where, one.steps, one.bars, strings.PITCH_MARKS) if one.steps else None
            name = one.id or one.kind
            return Behaviour(name, one.tiers, self._weight(path, name, one), path, one.mask, one.kind, rhythm)

        return SustainIdeas(
            *spec.lane, self._each(join(part, "behaviours"), spec.behaviours, behaviour), spec.max_sustain
        )

    def _melody(self) -> MelodyIdeas:
        melody = self.genre.melody
        self._range("melody.lane", melody.lane)
        for name, scale in (("scale", melody.scale), ("solo_scale", melody.solo_scale)):
            if scale:
                self.known(f"melody.{name}", "scale", scale, SCALES)
        for device in melody.solo:
            self.known(join("melody.solo", device), "device", device, self.catalog.devices, on_key=True)
        for schema in melody.schemas:
            self.known(join("melody.schemas", schema), "schema", schema, self.catalog.schemas, on_key=True)
        cells = (
            self._steps(join("melody.cells", index), text, None, strings.PITCH_MARKS)
            for index, text in enumerate(melody.cells)
        )
        return MelodyIdeas(
            *melody.lane, melody.scale, tuple(melody.schemas.items()), tuple(cell for cell in cells if cell),
            melody.ct_strong, melody.pickup_p, melody.temp, melody.approach_tones,
            tuple(TENSIONS[name] for name in melody.tensions), tuple(melody.solo.items()), melody.solo_scale,
        )  # fmt: skip

    def _voices(self) -> VoiceIdeas:
        voices = self.genre.voices
        for table in ("second", "takes", "solos", "answers"):
            for part in getattr(voices, table):
                self.known(join(f"voices.{table}", part), "part", part, self.catalog.specialists, on_key=True)
        for index, part in enumerate(voices.above):
            self.known(join("voices.above", index), "part", part, self.catalog.specialists)
        return VoiceIdeas(
            tuple(voices.second.items()), voices.second_p, voices.above, voices.sixths,
            tuple(voices.takes.items()), tuple(voices.solos.items()), voices.takes_p,
            tuple(voices.answers.items()), voices.answers_p, voices.unison_p,
        )  # fmt: skip

    def _riff(self) -> RiffIdeas:
        riff = self.genre.riff
        for name, parts in (("parts", riff.parts), ("ground", riff.ground)):
            for index, part in enumerate(parts):
                self.known(join(f"riff.{name}", index), "part", part, self.catalog.specialists)
        lines = self._each("riff.patterns", riff.patterns, partial(self._line, strings.PITCH_MARKS + "m"))
        return RiffIdeas(riff.parts, tuple(riff.sections.items()), lines, riff.ground)

    def _range(self, path: str, lane: tuple[int, int]) -> None:
        if lane[1] - lane[0] < 12:
            self.wrong(path, f"{lane[0]} to {lane[1]} is less than an octave", "[lowest, highest], 12 or more apart")

    def _arrange(self) -> Arrange:
        arrange, parts = self.genre.arrange, self.catalog.specialists
        for index, part in enumerate(arrange.enter_order):
            self.known(join("arrange.enter_order", index), "part", part, parts)
        for section, always in arrange.layers.items():
            for index, part in enumerate(always):
                self.known(join("arrange.layers", section, index), "part", part, parts)
        layers = dict(arrange.layers) | {n: s.layers for n, s in self.genre.section.items() if s.layers}
        order = arrange.enter_order or Arrange().order
        return Arrange(arrange.axis, order, arrange.parts, tuple(layers.items()))


def _tiers(lowest: int | None, tiers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(range(lowest, 6)) if lowest else tiers


def _onsets(onsets: Sequence[int], length: int, per_bar: int) -> Pattern:
    return Pattern(length, per_bar, tuple(Hit(onset, "x") for onset in onsets))


def _ratio(text: str, per_bar: int, per_beat: int) -> Pattern:
    match = re.fullmatch(r"(\d{1,2}):(\d{1,2})", text)
    if not match or not int(match[1]) or not int(match[2]):
        raise Wrong(0, f"'{text}' is not a cycle", "such as 3:2, three in the time of two beats", len(text))
    onsets, length = int(match[1]), int(match[2]) * per_beat
    if onsets > length:
        raise Wrong(0, f"{onsets} onsets do not fit into {length} steps", "fewer onsets", len(text))
    return _onsets([round(i * length / onsets) for i in range(onsets)], length, per_bar)
