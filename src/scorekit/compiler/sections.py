"""Sections: what the form's tokens, the genre and the song's own tables make of each statement of a section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from scorekit.compiler import endings, form, gestures, harmony
from scorekit.compiler.genres import GenreSection, GenreSpec
from scorekit.compiler.keypath import join
from scorekit.compiler.material import Sheets, harmony_heard
from scorekit.compiler.slots import ChordToken
from scorekit.compiler.slots import chords as read_chords
from scorekit.compiler.specs import MidiChords, SongSpec
from scorekit.compiler.strings import ENDINGS, SectionToken
from scorekit.compiler.strings import key as read_key
from scorekit.compiler.strings import meter as read_meter
from scorekit.compiler.wrong import Reader
from scorekit.errors import Problem, did_you_mean
from scorekit.repeats import written
from scorekit.score import Chord, Intent, Key, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.theory import key_name
from scorekit.timebase import Meter, Tick

Value = TypeVar("Value")
_MELODY = {
    "intro": "none",
    "outro": "none",
    "coda": "none",
    "solo": "solo",
    "chorus": "hook",
    "hook": "hook",
    "drop": "hook",
    "break": "none",
    "build": "none",
    "breakdown": "none",
    "tag": "hook",
    "riff": "riff",
}
"""What the melody does in a section of this name, where the genre does not say."""
USUAL = {
    "intro": 2,
    "verse": 3,
    "A": 3,
    "pre": 4,
    "prechorus": 4,
    "chorus": 5,
    "B": 4,
    "bridge": 3,
    "break": 1,
    "solo": 4,
    "outro": 2,
    "tag": 4,
    "drop": 5,
    "build": 3,
}
"""Section names everybody knows, and their usual tiers."""
ORDINARY = GenreSection()
"""A section the genre says nothing of."""
PRICE = 3.0
"""What dropping a section costs whose genre does not say."""


class Setting(Struct, frozen=True):
    """What every section of a song shares."""

    song: SongSpec
    genre: GenreSpec
    key: Key
    meter: Meter
    written: Meter
    """The meter the genre's progressions are written in."""
    grid: int
    dials: Dials
    seed: Seed
    offers: tuple[harmony.Progress, ...]
    swaps: tuple[harmony.Swap, ...]
    colours: Mapping[str, tuple[str, ...]]
    """Richer qualities by kind of chord."""
    lift: float
    """Tiers added to every section by the song's energy."""
    sheets: Sheets = field(default_factory=dict)


class Wish(Struct, frozen=True):
    """The song's tables about one section, the nearest winning, with the path each value was found at."""

    values: Mapping[str, tuple[object, str]]

    def get(self, name: str) -> object:
        """The winning value, or None."""
        return self.values.get(name, (None, ""))[0]

    def path(self, name: str) -> str:
        """Key path of the winning value."""
        return self.values.get(name, (None, ""))[1]


def chain_of(song: SongSpec, token: SectionToken, occurrence: int) -> tuple[str, ...]:
    """Keys of ``[sections]`` that speak of a statement, weakest first: what it is like, its name, name/occurrence."""
    keys: list[str] = []
    for name in (token.name, f"{token.name}/{occurrence}"):
        spec = song.sections.get(name)
        if spec is None:
            continue
        if spec.like and spec.like in song.sections and spec.like not in keys:
            keys.append(spec.like)
        keys.append(name)
    return tuple(dict.fromkeys(keys))


def wish_of(song: SongSpec, chain: Sequence[str]) -> Wish:
    """The values the song sets for a section; the song's chords are those of every section without its own."""
    values: dict[str, tuple[object, str]] = {} if song.chords is None else {"chords": (song.chords, "chords")}
    for key in chain:
        spec = song.sections[key]
        said = {
            name: value for name, value in asdict(spec).items() if value is not None and name not in ("parts", "like")
        }
        values |= {name: (value, join("sections", key, name)) for name, value in said.items()}
    return Wish(values)


def likeness(song: SongSpec, name: str) -> tuple[str, ...]:
    """A section's name and those it is modelled on, for looking things up in the genre."""
    spec = song.sections.get(name)
    return (name, spec.like) if spec is not None and spec.like else (name,)


def role(genre: GenreSpec, names: Sequence[str]) -> GenreSection:
    """What the genre says of a section known by any of these names."""
    return next((genre.section[name] for name in names if name in genre.section), ORDINARY)


def build(
    setting: Setting, tokens: Sequence[SectionToken], way: endings.Way | None, book: Reader
) -> tuple[tuple[Section, ...], tuple[Wish, ...]]:
    """Every statement of the form as a section, the last one with its way to end, and what the song wishes of each;
    mistakes are noted."""
    counts: dict[str, int] = {}
    chosen = progressions(setting, [token.name for token in tokens])
    sections, wishes, lift, start, walked = list[Section](), list[Wish](), 0, 0, 0
    head = form.head_of(tokens)
    for number, token in enumerate(tokens):
        counts[token.name] = counts.get(token.name, 0) + 1
        wish = wish_of(setting.song, chain_of(setting.song, token, counts[token.name]))
        lift += token.lift + gestures.lift(spoken(wish, setting.meter, Reader()))
        last = way if number == len(tokens) - 1 else None
        changes, walked = form.walk(head, walked, token.bars) if over_form(setting, token) else ((), 0)
        section = statement(setting, token, counts[token.name], lift, start, wish, chosen, changes, last, book)
        sections.append(section)
        start += written(section).length
        wishes.append(wish)
    return gestures.dropped_into(sections), tuple(wishes)


def over_form(setting: Setting, token: SectionToken) -> bool:
    """Whether a section goes on through the changes of the form from where the one before it stopped."""
    return role(setting.genre, likeness(setting.song, token.name)).over == "form"


def statement(
    setting: Setting,
    token: SectionToken,
    occurrence: int,
    lift: int,
    start: Tick,
    wish: Wish,
    chosen: Mapping[str, harmony.Progress],
    changes: form.Steps,
    way: endings.Way | None,
    book: Reader,
) -> Section:
    """One statement of a section, at a tick of the song, over the chords of other sections (``changes``) when there are any;
    the last one with its ``way`` to end."""
    last = way is not None
    names = likeness(setting.song, token.name)
    genre = role(setting.genre, names)
    key = key_of(setting, lift, wish, book)
    meter = own(wish, "meter", read_meter, book) or setting.meter
    draft = Section(
        name=token.name,
        occurrence=occurrence,
        bars=token.bars,
        meter=meter,
        grid=setting.grid,
        tier=tier_of(setting, token, genre, wish, names),
        key=key,
        chords=(),
        flags=token.flags,
        melody=melody_of(genre, wish, names),
        cadence="closed" if last else genre.cadence,
        motif=motif_of(genre, "ending" in token.flags, names, setting.genre.section),
        lift=(key.tonic - setting.key.tonic + 5) % 12 - 5,
        clave=clave_of(setting.genre, setting.seed),
    )
    text = chords_of(setting, draft, start, wish, book)
    steps = changes or ((draft.name, draft.bars),)
    chords, silent = harmony_of(setting, draft, wish.path("chords"), text, chosen, steps, last, book)
    nochord = tuple(Intent(tick, "nochord", (), wish.path("chords")) for tick in silent)
    draft = replace(draft, chords=chords, intents=nochord)
    if text is None and not changes:
        draft = replace(draft, theme=theme_of(setting, draft, chosen, book))
    heard = spoken(wish, meter, book)
    if way and any(token.kind == "last hit" for token, _ in heard):
        way = endings.Way()
    if way and text is None:
        draft = endings.laid(draft, way, setting.written, home_quality(setting, key), setting.seed)
    draft = draft if last else gestures.broken_off(draft, setting.seed)
    made = gestures.built(gestures.laid(draft, heard, last, book), names)
    return endings.again(made, way) if way else made


def clave_of(genre: GenreSpec, seed: Seed) -> str:
    """The side of the clave a song begins on; nothing where the genre has no clave."""
    sides = genre.perc.clave
    return seed.choose("clave", list(sides), list(sides.values())) if sides else ""


def home_quality(setting: Setting, key: Key) -> str:
    """The colour the genre gives its tonic chord in this mode: that of the commonest tonic chord of its progressions.

    Chords at rest count twice; a genre at home on its dominant, such as the blues, ends there.
    """
    counts: dict[str, float] = {}
    for offer in setting.offers:
        if not offer.mode or harmony.same_gender(offer.mode, key.mode):
            for token in offer.changes.tokens:
                if (
                    token.kind == "roman"
                    and token.root == 0
                    and not token.bass
                    and harmony.homely(token.quality, key.mode)
                ):
                    rest = 2.0 if harmony.restful(token.quality, key.mode) else 1.0
                    counts[token.quality] = counts.get(token.quality, 0.0) + rest * offer.weight
    return max(counts, key=lambda quality: (counts[quality], quality), default="")


def own(wish: Wish, name: str, reader: Callable[[str], Value], book: Reader) -> Value | None:
    """A string of the song's own, read; None when there is none or it is wrong."""
    text = wish.get(name)
    return book.read(wish.path(name), reader, str(text)) if text is not None else None


def key_of(setting: Setting, lift: int, wish: Wish, book: Reader) -> Key:
    """The section's own key, else the song's with the lifts so far."""
    mine = own(wish, "key", read_key, book)
    if isinstance(mine, Key):
        return mine
    if not lift:
        return setting.key
    tonic = (setting.key.tonic + lift) % 12
    return Key(tonic, setting.key.mode, key_name(tonic, setting.key.mode))


def tier_of(setting: Setting, token: SectionToken, genre: GenreSection, wish: Wish, names: Sequence[str]) -> int:
    """Energy: the section's own table, else the form's token, the genre's role or the name, lifted by the song's energy: the
    lower ones more, so that a chorus stays above its verse."""
    mine = wish.get("energy")
    if mine is not None:
        return int(str(mine).removeprefix("e"))
    base = token.tier or genre.energy or next((USUAL[n] for n in names if n in USUAL), 3)
    lift = setting.lift * (5 - base) / 2 if setting.lift > 0 and base > 3 else setting.lift
    return max(1, min(4 if lift > 0 and base < 4 else 5, round(base + lift)))


def last_of(setting: Setting, tokens: Sequence[SectionToken]) -> tuple[int, bool]:
    """The energy of a form's last section, and whether the song writes its chords."""
    last = tokens[-1]
    wish = wish_of(setting.song, chain_of(setting.song, last, sum(token.name == last.name for token in tokens)))
    names = likeness(setting.song, last.name)
    return tier_of(setting, last, role(setting.genre, names), wish, names), wish.get("chords") is not None


def melody_of(genre: GenreSection, wish: Wish, names: Sequence[str]) -> str:
    """What the melody does: the song's word, the genre's, or what the name suggests."""
    mine = wish.get("melody")
    if mine is not None:
        return str(mine)
    if genre.melody is not None:
        return "hook" if genre.melody == "hook_half" else genre.melody
    return next((_MELODY[n] for n in names if n in _MELODY), "lead")


def motif_of(genre: GenreSection, ends: bool, names: Sequence[str], genre_sections: Mapping[str, GenreSection]) -> str:
    """Whose tune it is: its own; a quotation of the hook has that of the section it contrasts with, else, as an ending has,
    the song's hook."""
    if genre.melody == "hook_half":
        return genre.contrast_with or hook_of(genre_sections) or names[-1]
    return hook_of(genre_sections) or names[-1] if ends else names[-1]


def hook_of(sections: Mapping[str, GenreSection]) -> str:
    """The section whose tune one goes home with: the dearest of those that have the hook."""
    hooks = [n for n, s in sections.items() if s.melody == "hook" and n not in ENDINGS]
    return max(hooks, key=lambda n: _price(sections[n]), default="")


def _price(section: GenreSection) -> float:
    return PRICE if section.prio is None else section.prio


def chords_of(setting: Setting, section: Section, start: Tick, wish: Wish, book: Reader) -> str | None:
    """The song's own chords for a section: as written, or as recognised in a MIDI file; None where it has none."""
    own, path = wish.get("chords"), wish.path("chords")
    if isinstance(own, MidiChords):
        sheet = setting.sheets.get(path)
        at = start if path == "chords" else 0
        return harmony_heard(sheet, own, path, section, at, book) if sheet is not None else None
    return None if own is None else str(own)


def harmony_of(
    setting: Setting,
    section: Section,
    path: str,
    text: str | None,
    chosen: Mapping[str, harmony.Progress],
    steps: form.Steps,
    last: bool,
    book: Reader,
) -> tuple[tuple[Chord, ...], tuple[int, ...]]:
    """The section's chords: the song's own (``text``), else progressions of the genre, those of ``steps`` one after the other,
    varied on returns and coloured."""
    if text is not None:
        changes = book.read(path, read_chords, text, section.meter)
        if changes is None:
            return (harmony.tonic_chord(section.key, 0, section.length),), ()
        harmony.crowded(text, changes, section.bars, path, book)
        placed = harmony.laid(changes, section.meter, section.bars, section.meter, keeps_ending=False)
        return harmony.sounding(placed, section.key, path, section.length)
    at = setting.seed.at("harmony", section.name)
    daring = 2.0 * setting.dials.creativity
    swaps = () if section.melody == "riff" else setting.swaps
    tokens, path, bar = list[ChordToken](), "", section.meter.bar
    for n, (name, bars) in enumerate(steps):
        offer = chosen.get(name) or chosen[section.name]
        if not harmony.same_gender(section.key.mode, setting.key.mode):
            offer = progression(setting, name, section.key.mode, {})
        keeps = offer.cadence in ("half", "closed") or section.cadence in ("half", "closed")
        placed = harmony.laid(offer.changes, setting.written, bars, section.meter, keeps, last)
        draw = at.at(section.occurrence, n) if n else at.at(section.occurrence)
        varied, _ = harmony.substituted(placed, swaps, section.occurrence, bar, draw, daring)
        start, path = sum(bars for _, bars in steps[:n]) * bar, path or offer.path
        tokens += [replace(t, start=t.start + start) for t in varied]
    tinted = [harmony.coloured(t, setting.colours, setting.dials, at) for t in tokens]
    return harmony.sounding(tinted, section.key, path, section.length)


def theme_of(
    setting: Setting, section: Section, chosen: Mapping[str, harmony.Progress], book: Reader
) -> tuple[Chord, ...]:
    """The chords that a section's tune was made over: those of its motif's own section as first heard; none where these are
    the section's, or the song writes them."""
    owner, sings = section.motif, section.melody in ("hook", "lead")
    written = owner in setting.song.sections and wish_of(setting.song, (owner,)).get("chords")
    if not sings or owner not in chosen or written:
        return ()
    first = replace(section, name=owner, occurrence=1)
    chords, _ = harmony_of(setting, first, "", None, chosen, ((owner, section.bars),), False, book)
    return () if chords == section.chords else chords


def progressions(setting: Setting, names: Sequence[str]) -> dict[str, harmony.Progress]:
    """The progression of every section by name, in the song's mode: chosen once and kept for every return, the sections that
    follow others after those they follow. What the song writes into its sections has no part in it."""
    leaders: dict[str, harmony.Progress] = {}
    for name in (name for name in names if name not in harmony.FOLLOWERS):
        leaders[name] = leaders.get(name) or progression(setting, name, setting.key.mode, leaders)
    followers = [name for name in dict.fromkeys(names) if name not in leaders]
    return leaders | {name: progression(setting, name, setting.key.mode, leaders) for name in followers}


def progression(setting: Setting, name: str, mode: str, chosen: Mapping[str, harmony.Progress]) -> harmony.Progress:
    """A progression for a section of this name in a mode, given those of other sections."""
    names = likeness(setting.song, name)
    against = chosen.get(role(setting.genre, names).contrast_with or "")
    heat, seed = 0.3 + 1.4 * setting.dials.creativity, setting.seed.at("harmony", name)
    mine, loops = carries(setting, names), setting.genre.arrange.axis == "groove"
    rivals = [
        p for other, p in chosen.items() if mine and carries(setting, likeness(setting.song, other)) not in ("", mine)
    ]
    return harmony.choose(setting.offers, names, mode, seed, against, heat, tuple(chosen.values()), rivals, loops)


def carries(setting: Setting, names: Sequence[str]) -> str:
    """Which of the song's two main matters a section carries by what its melody does: the hook, the verse, or neither."""
    does = melody_of(role(setting.genre, names), Wish({}), names)
    return {"hook": "hook", "lead": "verse", "riff": "verse"}.get(does, "") if names[0] not in ENDINGS else ""


def spoken(wish: Wish, meter: Meter, book: Reader) -> tuple[gestures.Written, ...]:
    """The section's intents as read."""
    texts: Sequence[str] = wish.get("intents") or ()  # type: ignore[assignment]
    return gestures.read([(text, join(wish.path("intents"), n)) for n, text in enumerate(texts)], meter, book)


def unknown_names(setting: Setting, tokens: Sequence[SectionToken], book: Reader, path: str) -> None:
    """Notes section names that neither genre nor song knows, and song tables about sections that are nowhere in the form."""
    known = known_names(setting.genre) | set(setting.song.sections)
    for token in tokens:
        if token.name not in known:
            hint = did_you_mean(token.name, known)
            tail = f"or write a [sections.{token.name}] table with chords or like"
            book.problems.append(
                Problem(
                    path,
                    f"{setting.genre.genre.name} knows no section {token.name!r}",
                    f"{hint}; {tail}" if hint else tail,
                    token.offset,
                    len(token.name),
                )
            )
    present = {token.name for token in tokens}
    present |= {f"{n}/{i}" for n in present for i in range(1, 1 + sum(t.name == n for t in tokens))}
    modelled = {spec.like for spec in setting.song.sections.values() if spec.like}
    for name, spec in setting.song.sections.items():
        if name not in present and name not in modelled:
            book.wrong(
                join("sections", name), f"no section {name!r} in the form", did_you_mean(name, present), on_key=True
            )
        if spec.like and spec.like not in known:
            book.wrong(
                join("sections", name, "like"), f"no section {spec.like!r} to be like", did_you_mean(spec.like, known)
            )


def known_names(genre: GenreSpec) -> set[str]:
    """Section names a genre has anything to say about."""
    named = {text.split(":")[0] for form in genre.form for text in (*form.sections, *form.compress)}
    return named | set(genre.section) | {name for prog in genre.harmony.prog for name in prog.roles} | set(USUAL)


def proofread(setting: Setting, book: Reader) -> None:
    """Reads the strings of all section tables when there is no form to lay them on, so that their mistakes are told too."""
    for name, spec in setting.song.sections.items():
        wish = wish_of(setting.song, (name,))
        meter = own(wish, "meter", read_meter, book) or setting.meter
        own(wish, "key", read_key, book)
        if isinstance(spec.chords, str):
            book.read(wish.path("chords"), read_chords, spec.chords, meter)
        spoken(wish, meter, book)
