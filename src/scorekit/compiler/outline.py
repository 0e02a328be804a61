"""The outline of a song: its form, fitted to its length, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log

from msgspec.structs import replace

from scorekit.compiler import endings, form, sections, tempo
from scorekit.compiler.duration import RING, RINGS
from scorekit.compiler.genres import GenreSpec
from scorekit.compiler.keypath import item, join
from scorekit.compiler.specs import SongSpec
from scorekit.compiler.strings import MAX_BARS, Length, SectionToken
from scorekit.compiler.strings import form as read_form
from scorekit.compiler.strings import section as read_section
from scorekit.compiler.wrong import Reader
from scorekit.seeds import Seed
from scorekit.timebase import PPQ

MAX_SECTIONS = 1000


def outlined(
    setting: sections.Setting,
    shapes: Sequence[form.Shape],
    ways: Mapping[str, Sequence[endings.Way]],
    pace: tempo.Pace,
    wanted: Length,
    book: Reader,
) -> tuple[tuple[SectionToken, ...], endings.Way | None, str]:
    """The form's tokens, how the song ends unless it is a loop, and the path the form was written at. A form of the genre makes
    room for a last line that is played again; one that the song wrote, or whose chords it wrote, ends otherwise."""
    tokens, path = formed(setting, shapes, pace, wanted, book)
    if setting.song.loop and setting.song.ending:
        book.warn("ending", "a loop never ends", "leave one of the two out")
    if not tokens or setting.song.loop:
        return tokens, None, path
    tier, own_chords = sections.last_of(setting, tokens)
    own = endings.asked(setting.song.ending, ways, endings.pole(setting.key.mode), book)
    once = [way for way in own if way.again == 1 and not (own_chords and way.changes)]
    offers = once if setting.song.form or own_chords else own
    way = endings.chosen(offers, setting.seed, tokens[-1], tier)
    if setting.song.ending and not any(one.fits(tokens[-1], tier) for one in offers):
        what = "is too long for the last section" if offers else "plays the last line again, or over chords of its own"
        book.wrong(
            "ending", f"{setting.song.ending!r} {what}", "name another one, or leave out the song's own form and chords"
        )
    if way.again > 1:
        shorter, its = formed(setting, shapes, pace, wanted, book, (way.again - 1) * way.line)
        if way.fits(shorter[-1], tier):
            return shorter, way, its
        way = endings.chosen(once, setting.seed, tokens[-1], tier)
    return tokens, way, path


def formed(
    setting: sections.Setting,
    shapes: Sequence[form.Shape],
    pace: tempo.Pace,
    wanted: Length,
    book: Reader,
    spare: int = 0,
) -> tuple[tuple[SectionToken, ...], str]:
    """The form's tokens and the path they were written at: the song's own form, else the genre's best fit, so many bars
    (``spare``) shorter."""
    song, genre = setting.song, setting.genre
    if song.form is not None:
        tokens = book.read("form", read_form, song.form) or (SectionToken("A", 4, 3),)
        return tuple(lengthened(song, token, book) for token in tokens), "form"
    bar = setting.meter.bar / PPQ * 60 / pace.bpm
    reach = (1.0, 1.0) if pace.fixed else (genre.tempo.min / pace.bpm, genre.tempo.max / pace.bpm)
    goal = turned(wanted, bar, reach) if song.loop else aimed(wanted, bar, reach, spare)
    bars = round(goal.bars)
    if bars > MAX_BARS:
        told = f"{song.wanted} at {pace.bpm:.4g} bpm are {bars} bars of {setting.meter}, {MAX_BARS} is the limit"
        book.wrong("length", told, "make it shorter or slower, or choose a longer bar")
        return (), "length"
    lengths = {name: role.lens for name, role in genre.section.items()}
    lengths |= {name: (spec.bars,) for name, spec in song.sections.items() if spec.bars}
    short = bars * bar < form.SHORT
    choice = form.fit(
        shapes,
        lengths,
        goal,
        short,
        lambda path, weight: handicap(setting.seed, path, weight),
        named(song),
        prices(genre),
        frozenset(name for name, role in genre.section.items() if role.over == "form"),
    )
    tokens = tuple(
        replace(t, bars=song.sections[t.name].bars or t.bars) if t.name in song.sections else t for t in choice.tokens
    )
    total = sum(token.bars for token in tokens)
    return form.exact(tokens, goal.nearest(total)), choice.path


def aimed(wanted: Length, bar: float, reach: tuple[float, float], spare: int) -> form.Goal:
    """The bars of a song whose bars last so many seconds (``bar``) at its own tempo, which may be changed by factors in
    ``reach``, less those to be played again. The last bar is struck once, and rings."""
    if wanted.bars:
        exact = max(2, wanted.bars - spare)
        return form.Goal(exact, exact, exact)
    seconds = float(wanted.seconds or 30.0)
    about = (seconds - RING) / bar
    low, high = (max(seconds - ring, 0.5) / bar * share for ring, share in zip(RINGS[::-1], reach, strict=True))
    first, last = ceil(low - 1e-6), floor(high + 1e-6)
    first, last = (first, last) if first <= last else (round(about),) * 2
    return form.Goal(max(2.0, about + 1 - spare), max(2, first + 1 - spare), max(2, last + 1 - spare))


def turned(wanted: Length, bar: float, reach: tuple[float, float]) -> form.Goal:
    """The bars of a loop, which is as long as they are."""
    about = wanted.bars or float(wanted.seconds or 30.0) / bar
    low, high = (1.0, 1.0) if wanted.bars else reach
    nearest = max(1, round(about))
    return form.Goal(max(1.0, about), min(nearest, max(1, ceil(about * low))), max(nearest, floor(about * high)))


def named(song: SongSpec) -> frozenset[str]:
    """The sections a song speaks of."""
    return frozenset(name.split("/")[0] for name in song.sections)


def prices(genre: GenreSpec) -> dict[str, float]:
    """What leaving a section out costs, where the genre says."""
    return {name: role.prio for name, role in genre.section.items() if role.prio is not None}


def handicap(seed: Seed, path: str, weight: float) -> float:
    """A seeded cost for a form, small for heavy ones: an exponential race among forms that fit equally well."""
    return 9.0 * min(1.5, -log(1.0 - seed.unit(f"form/{path}")) / max(weight, 0.01))


def shapes_of(genre: GenreSpec) -> tuple[form.Shape, ...]:
    """The genre's forms, read."""
    return tuple(
        form.Shape(
            f.id,
            item("genre:form", 0, f.id),
            f.weight,
            tuple(map(read_section, f.sections)),
            tuple(map(read_section, f.compress)),
        )
        for f in genre.form
    )


def lengthened(song: SongSpec, token: SectionToken, book: Reader) -> SectionToken:
    """A token of the song's own form; a section table that disagrees about its bars is a mistake."""
    spec = song.sections.get(token.name)
    if spec is not None and spec.bars and spec.bars != token.bars:
        path = join("sections", token.name, "bars")
        book.wrong(path, f"{spec.bars} bars here, {token.bars} in the form", "say it in one place: leave bars out here")
    return token


def small_enough(tokens: Sequence[SectionToken], book: Reader, path: str) -> bool:
    """Whether a form stays within the limits."""
    bars = sum(token.bars for token in tokens)
    if bars > MAX_BARS:
        book.wrong(path, f"the form has {bars} bars, {MAX_BARS} is the limit", "shorten sections or leave some out")
    elif len(tokens) > MAX_SECTIONS:
        book.wrong(path, f"the form has {len(tokens)} sections, {MAX_SECTIONS} is the limit")
    else:
        return True
    return False
