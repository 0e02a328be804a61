"""Lowering: validated specs become a Plan. Mistakes are collected, never raised; there is a plan only when there are none.

Paths of mistakes are key paths of the song; those that begin with ``genre:`` are key paths of the genre.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from scorekit.catalog import Catalog
from scorekit.compiler import cast, duration, endings, form, harmony, lineups, material, sections, tempo
from scorekit.compiler.genres import GenreSpec
from scorekit.compiler.keypath import item
from scorekit.compiler.outline import outlined, shapes_of, small_enough
from scorekit.compiler.slots import chords
from scorekit.compiler.specs import ModelSpec, SongSpec
from scorekit.compiler.strings import Length
from scorekit.compiler.strings import chord as read_chord
from scorekit.compiler.strings import key as read_key
from scorekit.compiler.strings import length as read_length
from scorekit.compiler.strings import meter as read_meter
from scorekit.compiler.vocabulary import colours, ideas, weighed
from scorekit.compiler.wrong import Reader, words
from scorekit.errors import Problem
from scorekit.ideas import HIT, Ideas
from scorekit.score import Claim, Decision, Key, Placement, Plan, Seam, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials, Entry, Feel, Master
from scorekit.timebase import PPQ


class Sources(Struct, frozen=True):
    """The three specs of a song, and what exists."""

    song: SongSpec
    genre: GenreSpec
    model: ModelSpec
    lore: Lore
    catalog: Catalog
    sheets: material.Sheets = field(default_factory=dict)
    """The MIDI files the song names."""


class Lore(Struct, frozen=True):
    """What a genre and a model say whatever the song: the vocabulary, the harmony and the forms, read."""

    ideas: Ideas
    offers: tuple[harmony.Progress, ...]
    swaps: tuple[harmony.Swap, ...]
    colours: Mapping[str, tuple[str, ...]]
    shapes: tuple[form.Shape, ...]
    ways: Mapping[str, tuple[endings.Way, ...]]


def lore(genre: GenreSpec, model: ModelSpec, catalog: Catalog) -> tuple[Lore | None, list[Problem]]:
    """What a genre says, or everything wrong with its strings and names."""
    vocabulary, problems = ideas(genre, catalog, model.weights)
    if problems:
        return None, problems
    ways = endings.ways(genre, read_meter(genre.meter.sig))
    return Lore(vocabulary, offers(genre, model), swaps(genre), colours(genre), shapes_of(genre), ways), []


def of_its_form(sources: Sources) -> Sources:
    """The sources with no form but the one of the genre's that the song names, which is fitted to the length as all of them are."""
    song, lore = sources.song, sources.lore
    shapes = tuple(shape for shape in lore.shapes if shape.id == (song.form or "").strip())
    return replace(sources, song=replace(song, form=None), lore=replace(lore, shapes=shapes)) if shapes else sources


def lower(sources: Sources, title: str, book: Reader) -> Plan | None:
    """The plan of a song, or None when the book holds mistakes afterwards."""
    sources = of_its_form(sources)
    song, genre, model = sources.song, sources.genre, sources.model
    seed = Seed(str(song.seed))
    setting = set_up(sources, seed, book)
    pace = paced(sources, seed)
    wanted = book.read("length", read_length, song.wanted) or Length(30.0)
    known = sources.lore
    tokens, way, form_path = outlined(setting, known.shapes, known.ways, pace, wanted, book)
    if tokens:
        sections.unknown_names(setting, tokens, book, form_path)
    formless = bool(book.problems) or not small_enough(tokens, book, form_path)
    lineup = lineups.lineup(song, genre, model.type, setting.dials.complexity, seed, book)
    parts = cast.band(song, genre, lineup, sources.catalog, book)
    if formless:
        sections.proofread(setting, book)
        return None
    tokens = tempo.felt(tokens, pace, genre.tempo)
    statements, wishes = sections.build(setting, tokens, way, book)
    if not any(part.name == "drums" for part in parts):
        statements = tuple(replace(s, flags=s.flags | {"nodrums"}) for s in statements)
    placed = placements(statements, song.loop)
    hit = any(i.kind == "last hit" for i in statements[-1].intents)
    ending = None if way is None else HIT if hit else way.ending
    tempi, tail, fitted = duration.timed(song, genre.tempo, pace, wanted, placed, wishes, ending, book)
    chain = {s.id: sections.chain_of(song, t, s.occurrence) for s, t in zip(statements, tokens, strict=True)}
    tune = material.tune(song, statements, sources.sheets, book)
    cells = cast.cells(
        song,
        statements,
        parts,
        chain,
        book,
        pattern_ids(sources.lore.ideas),
        sources.sheets,
        tune.notes,
        tempi.bpm_at(0),
    )
    silent = sum(cell.play is False for _, _, cell in cells)
    if parts and silent == len(parts) * len(statements):
        book.wrong("sections", "every part is silenced in every section: nobody is left to play", "let somebody play")
    if book.problems:
        return None
    unheard(statements, wishes, book)
    return Plan(
        title=song.title or title,
        seed=seed.address,
        genre=genre.genre.id,
        model=model.name,
        kind=model.type,
        key=statements[0].key if statements[0].key != setting.key else setting.key,
        tempo=tempi,
        placements=placed,
        parts=parts,
        cells=cells,
        ideas=sources.lore.ideas,
        dials=setting.dials,
        focus=tuple(model.focus),
        feel=felt(genre),
        master=Master(song.master.lufs, song.master.ceiling, song.master.room, song.master.tone),
        tail=tail,
        resolver=song.resolver.mode,
        decisions=(
            *tempo.claims(pace, genre.tempo, model.bias.get("tempo", 0.0)),
            *fitted,
            *stirred(song, genre),
            *keyed(setting, song),
            *material.meter_told(song, sources.sheets, setting.meter, setting.written),
            *material.key_told(song, sources.sheets, setting.key),
            *material.tempo_told(song, sources.sheets, tempi.bpm_at(0), book),
            *tune.decisions,
            *cast.choices(song, genre, lineup),
        ),
        ending=ending,
        lineup=lineup.id,
    )


def unheard(statements: Sequence[Section], wishes: Sequence[sections.Wish], book: Reader) -> None:
    """Tells of the song's own chords that have more bars than any section they are written for."""
    least: dict[str, tuple[int, int]] = {}
    for section, wish in zip(statements, wishes, strict=True):
        text, path = wish.get("chords"), wish.path("chords")
        if isinstance(text, str):
            over = chords(text, section.meter).bars - section.bars
            least[path] = min((over, section.bars), least.get(path, (over, section.bars)))
    for path, (over, bars) in least.items():
        if over > 0:
            hint = f"nothing is heard after bar {bars} of them: give a section {over + bars} bars in the form, or write fewer"
            book.warn(path, f"{over + bars} bars of chords in a section of {bars}", hint)


# -- what all sections share ---------------------------------------------------------------------------------------------


def set_up(sources: Sources, seed: Seed, book: Reader) -> sections.Setting:
    """Key, meter, grid, dials and harmony of the song."""
    song, genre, model = sources.song, sources.genre, sources.model
    written = read_meter(genre.meter.sig)
    own_meter = book.read("meter", read_meter, song.meter) if song.meter else material.meter_of(sources.sheets)
    own = song.dials
    dials = Dials(
        model.complexity if own.complexity is None else own.complexity,
        model.creativity if own.creativity is None else own.creativity,
    )
    lift = 0.0 if song.energy is None else (song.energy - 0.5) * 4
    return sections.Setting(
        song=song,
        genre=genre,
        key=key_of(song, genre, seed, book, material.key_of(song, sources.sheets)),
        meter=own_meter or written,
        written=written,
        grid=genre.meter.grid * PPQ // written.bar,
        dials=dials,
        seed=seed,
        offers=sources.lore.offers,
        swaps=sources.lore.swaps,
        colours=sources.lore.colours,
        lift=lift + model.bias.get("energy", 0.0),
        sheets=sources.sheets,
    )


def key_of(song: SongSpec, genre: GenreSpec, seed: Seed, book: Reader, heard: Key | None) -> Key:
    """The song's key, else the one heard in its own material, else one of the genre's."""
    if song.key:
        return book.read("key", read_key, song.key) or Key(0, "major", "C")
    if heard is not None:
        return heard
    tonics, modes = genre.keys.tonics or {"C": 1.0}, genre.keys.modes or {"major": 1.0}
    mode = seed.choose("mode", list(modes), list(modes.values()))
    open_strings = {"E", "A", "D", "G", "C"} if genre.keys.guitar_friendly else set()
    weights = [weight * (2.0 if name in open_strings else 1.0) for name, weight in tonics.items()]
    chosen = read_key(seed.choose("tonic", list(tonics), weights))
    return Key(chosen.tonic, mode, chosen.name)


def keyed(setting: sections.Setting, song: SongSpec) -> tuple[Decision, ...]:
    """K1: the song's mode is not one of the genre's."""
    modes = setting.genre.keys.modes
    if not song.key or not modes or setting.key.mode in modes:
        return ()
    sides = (Claim("song", str(setting.key), 1.0), Claim("genre", ", ".join(modes), 0.5))
    return (Decision("K1", "key", "song", sides, str(setting.key), "a key in the song comes before the genre"),)


def stirred(song: SongSpec, genre: GenreSpec) -> tuple[Decision, ...]:
    """E6: the song's energy is far from the genre's usual arousal. Tiers move; the tempo stays the genre's."""
    if song.energy is None or genre.genre.mood is None:
        return ()
    arousal = genre.genre.mood[1]
    if abs((2 * song.energy - 1) - arousal) <= 0.5:
        return ()
    sides = (Claim("song", f"energy {song.energy:g}", 1.0), Claim("genre", f"arousal {arousal:+g}", 0.5))
    moved = round((song.energy - 0.5) * 4)
    chosen = f"every section {moved:+d} of energy" if moved else "the genre's energies"
    return (
        Decision(
            "E6",
            "energy",
            "song",
            sides,
            chosen,
            "density, players and dynamics follow the song, the tempo stays the genre's",
        ),
    )


def offers(genre: GenreSpec, model: ModelSpec) -> tuple[harmony.Progress, ...]:
    """The genre's progressions, read, with the model's weights."""
    found, meter = [], read_meter(genre.meter.sig)
    for prog in genre.harmony.prog:
        path = item("harmony.prog", 0, prog.id)
        weight = weighed(model.weights, path, prog.id, prog.w)
        found.append(harmony.Progress(path, prog.roles, weight, prog.mode or "", prog.cadence, chords(prog.rn, meter)))
    return tuple(found)


def swaps(genre: GenreSpec) -> tuple[harmony.Swap, ...]:
    """The genre's substitutions, read."""
    return tuple(
        harmony.Swap(
            tuple(read_chord(w) for _, w in words(sub.match)),
            tuple(read_chord(w) for _, w in words(sub.to)),
            sub.p,
            sub.min_repeat,
            item("harmony.sub", number, None),
        )
        for number, sub in enumerate(genre.harmony.sub)
    )


def felt(genre: GenreSpec) -> Feel:
    """The genre's feel."""
    feel = genre.feel
    return Feel(
        feel.swing_unit,
        tuple((role, tuple(points)) for role, points in feel.swing.items()),
        feel.amount,
        tuple((role, tuple(offsets)) for role, offsets in feel.offsets_ms.items()),
        tuple(feel.lean_ms or ()),
        tuple(feel.lead_downbeat_delay_ms or ()),
    )


def pattern_ids(ideas: Ideas) -> Mapping[str, frozenset[str]]:
    """Ids of the patterns each part may be asked for."""
    return {
        "drums": frozenset(g.id for g in ideas.drums.grooves),
        "bass": frozenset(line.id for line in ideas.bass.lines),
        "guitar": frozenset(c.id for c in ideas.guitar.cells),
        "keys": frozenset(c.id for c in ideas.keys.cells),
        "strings": frozenset(b.id for b in ideas.strings.behaviours),
        "brass": frozenset(b.id for b in ideas.brass.behaviours),
        "pads": frozenset(b.id for b in ideas.pads.behaviours),
        "lead": frozenset(name for name, _ in ideas.melody.schemas),
    }


def placements(statements: Sequence[Section], loop: bool = False) -> tuple[Placement, ...]:
    """Sections one after another, each told only what lies across its seams; in a loop the first follows the last."""
    placed, start, bar = [], 0, 1
    for n, section in enumerate(statements):
        before = statements[n - 1].tier if n or loop else None
        after = statements[(n + 1) % len(statements)] if n + 1 < len(statements) or loop else None
        seam = Seam(
            before,
            after.tier if after else None,
            after.chords[0] if after else None,
            entry(after, n + 2 == len(statements) and not loop),
        )
        placed.append(Placement(section, start, bar, seam))
        start, bar = start + section.length, bar + section.bars
    return tuple(placed)


def entry(section: Section | None, last: bool = False) -> Entry | None:
    """What the tune of a section begins from, where it has one that may be led into: the ``last`` two bars of a song may be
    its ending alone."""
    if section is None or section.melody not in ("hook", "lead", "solo") or (last and section.bars <= 2):
        return None
    made = section.theme[0] if section.theme else section.chords[0]
    return Entry(section.motif or section.name, section.melody, section.lift, made.root, made.quality)


# -- time ----------------------------------------------------------------------------------------------------------------


def paced(sources: Sources, seed: Seed) -> tempo.Pace:
    """The song's own tempo, else one of the genre's."""
    lean, genre = sources.model.bias.get("tempo", 0.0), sources.genre
    return tempo.asked(sources.song.tempo) or tempo.Pace(tempo.drawn(genre.tempo, lean, seed.at(genre.genre.id)))
