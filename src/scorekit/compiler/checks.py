"""What a genre says by names and numbers must hold together: tempi, keys, sections, chords, sounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

from scorekit.catalog import Catalog
from scorekit.compiler import strings
from scorekit.compiler.endings import POLES, rhythm
from scorekit.compiler.genres import EndingSpec, GenreSpec, MixSpec
from scorekit.compiler.keypath import item, join
from scorekit.compiler.roles import names
from scorekit.compiler.wrong import Reader, Wrong
from scorekit.ideas import MASKS, Pattern
from scorekit.theory import MODES, QUALITIES
from scorekit.timebase import Meter

ROLES = ("drums", "bass", "comp", "lead")
"""Those who may swing differently."""
COLOURS = ("major", "minor", "dominant", "halfdim", "sus")


class Checks(Reader):
    """One genre, and what is wrong with it."""

    def __init__(self, genre: GenreSpec, catalog: Catalog) -> None:
        super().__init__()
        self.genre, self.catalog = genre, catalog
        self.meter = self.read("meter.sig", strings.meter, genre.meter.sig) or Meter(4, 4)
        self.grid = genre.meter.grid
        self.fits = not (self.grid % self.meter.beats or self.meter.bar % self.grid)
        """Whether the grid divides a bar; when it does not, no step string can be right."""

    def check(self) -> None:
        """Looks at all that becomes no idea of a player."""
        self._numbers()
        self._names()
        self._harmony()
        self._mix()

    def _numbers(self) -> None:
        tempo, meter, feel = self.genre.tempo, self.genre.meter, self.genre.feel
        if not tempo.min <= tempo.mean <= tempo.max:
            told = f"mean {tempo.mean:g} is not within {tempo.min:g} to {tempo.max:g}"
            middle = f"write mean = {round((tempo.min + tempo.max) / 2)}"
            hint = middle if tempo.min <= tempo.max else "min comes before max"
            self.wrong("tempo.mean", told, hint, beside=("tempo.min", "tempo.max"))
        if not self.fits:
            told = f"{meter.grid} steps do not divide a bar of {self.meter} into equal beats"
            self.wrong("meter.grid", told, f"write grid = {self.meter.beats * 4}", beside=("meter.sig",))
        curves = [(join("feel.swing", role), curve) for role, curve in feel.swing.items()]
        single = {"feel.lean_ms": feel.lean_ms, "feel.lead_downbeat_delay_ms": feel.lead_downbeat_delay_ms}
        for path, curve in (*curves, *single.items(), ("bass.skip_p", self.genre.bass.skip_p)):
            if curve and any(a[0] >= b[0] for a, b in pairwise(curve)):
                self.wrong(path, "tempi of a curve must rise", "[[slow bpm, value], ..., [fast bpm, value]]")

    def _names(self) -> None:
        genre, parts = self.genre, self.catalog.specialists
        players = (*ROLES, *parts, *self.catalog.rows)
        for role in genre.feel.swing:
            self.known(join("feel.swing", role), "role", role, ROLES, on_key=True)
        for role, offsets in genre.feel.offsets_ms.items():
            where = join("feel.offsets_ms", role)
            self.known(where, "role", role, players, on_key=True)
            if self.fits and len(offsets) != self.grid:
                self.wrong(where, f"{len(offsets)} offsets for {self.grid} steps", "one for each step of a bar")
        for tonic in genre.keys.tonics:
            self._on_key(join("keys.tonics", tonic), strings.key, tonic)
        for mode in genre.keys.modes:
            self.known(join("keys.modes", mode), "mode", mode, MODES, on_key=True)
        for side in genre.perc.clave:
            self.known(join("perc.clave", side), "side of the clave", side, MASKS["clave"], on_key=True)
        for trait, band in genre.assess.items():
            self.known(join("assess", trait), "trait", trait, self.catalog.traits, on_key=True)
            if list(band) != sorted(band):
                self.wrong(join("assess", trait), "the four numbers of a band must rise", "[least, from, to, most]")
        for index, ending in enumerate(genre.ending):
            self._ending(item("ending", index, ending.id), ending)
        roles = self._sections()
        for place in names(genre):
            self.known(place.path, "section", place.name, place.known, place.on_key)
        for name, section in genre.section.items():
            if section.contrast_with:
                self.known(join("section", name, "contrast_with"), "section", section.contrast_with, roles)
            for index, part in enumerate(section.layers):
                self.known(join("section", name, "layers", index), "part", part, parts)

    def _ending(self, base: str, ending: EndingSpec) -> None:
        parts = self.catalog.specialists
        rows: list[Pattern] = []
        for name, text in ending.rows.items():
            where = join(base, "rows", name)
            self.known(where, "part", name, ("band", *parts, *self.catalog.rows), on_key=True)
            row = self.read(where, rhythm, name, text, self.grid) if self.fits else None
            rows += [row] if row else []
        if len({row.steps for row in rows}) > 1:
            self.wrong(join(base, "rows"), "rows of different lengths", "give every row the same number of bars")
        for name in ending.deg:
            self.known(join(base, "deg", name), "part", name, ("bass", "lead"), on_key=True)
            for index, text in enumerate(ending.deg[name]):
                self.read(join(base, "deg", name, index), strings.degree, text)
        for name in ending.leave:
            self.known(join(base, "leave", name), "part", name, parts, on_key=True)
        for pole, text in ending.chords.items():
            where = join(base, "chords", pole)
            self.known(where, "kind of key", pole, POLES, on_key=True)
            self.read(where, strings.chords, text, self.meter)
        for pole, qualities in ending.color.items():
            self.known(join(base, "color", pole), "kind of key", pole, POLES, on_key=True)
            for index, quality in enumerate(qualities):
                self.known(join(base, "color", pole, index), "chord quality", quality, QUALITIES)

    def _on_key(self, path: str, parse: Callable[[str], object], text: str) -> None:
        try:
            parse(text)
        except Wrong as wrong:
            self.wrong(path, wrong.message, wrong.hint, on_key=True)

    def _sections(self) -> set[str]:
        """The names of sections in forms and in the section table."""
        roles = set(self.genre.section)
        for form in self.genre.form:
            base = item("form", 0, form.id)
            for key, tokens in (("sections", form.sections), ("compress", form.compress)):
                for index, text in enumerate(tokens):
                    token = self.read(join(base, key, index), strings.section, text)
                    roles |= {token.name} if token else set()
        return roles

    def _harmony(self) -> None:
        harmony = self.genre.harmony
        for one in harmony.prog:
            base = item("harmony.prog", 0, one.id)
            changes = self.read(join(base, "rn"), strings.chords, one.rn, self.meter)
            if changes and one.span and changes.bars != one.span:
                self.wrong(join(base, "span"), f"{changes.bars} bars written, span is {one.span}", "leave span out")
            if one.mode:
                self.known(join(base, "mode"), "mode", one.mode, MODES)
        for index, sub in enumerate(harmony.sub):
            for key, text in (("match", sub.match), ("to", sub.to)):
                self.read(join("harmony.sub", index, key), _sequence, text)
        for colour, extensions in harmony.color.items():
            self.known(join("harmony.color", colour), "kind of chord", colour, COLOURS, on_key=True)
            for index, extension in enumerate(extensions):
                self.known(join("harmony.color", colour, index), "chord quality", extension, QUALITIES)

    def _mix(self) -> None:
        for part, mix in self.genre.mix.items():
            base = join("mix", part)
            self.known(base, "part", part, self.catalog.specialists, on_key=True)
            self._sound(base, mix, None)
        for index, lineup in enumerate(self.genre.lineup):
            for part, mix in lineup.mix.items():
                usual = self.genre.mix.get(part)
                self._sound(join(item("lineup", index, lineup.id), "mix", part), mix, usual.patch if usual else None)

    def _sound(self, base: str, mix: MixSpec, usual: str | None) -> None:
        """A patch that is known, and parameters that it has."""
        patch = mix.patch or (self.catalog.patch_for(mix.gm) if mix.gm is not None else usual)
        names = [row.name for row in self.catalog.patches]
        if patch and self.known(join(base, "patch"), "patch", patch, names):
            self._params(join(base, "params"), patch, mix.params or {})

    def _params(self, path: str, patch: str, params: Mapping[str, float]) -> None:
        row = self.catalog.patch(patch)
        known = {name: limits for name, *limits in row.params} if row else {}
        for name, value in params.items():
            where = join(path, name)
            if self.known(where, f"parameter of {patch}", name, known, on_key=True):
                low, high, usual = known[name]
                if not low <= value <= high:
                    hint = f"{usual:g} is usual; scorekit patches {patch} says what it does"
                    self.wrong(where, f"{name} is {value:g}, allowed is {low:g} to {high:g}", hint)


def _sequence(text: str) -> tuple[object, ...]:
    return tuple(strings.chord(match.group(), match.start()) for match in re.finditer(r"\S+", text))
