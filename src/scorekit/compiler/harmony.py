"""Harmony: a progression for each section of a form, varied on its returns, coloured by taste, in a key.

Chords are chosen by section name, so that a section keeps its chords whenever it comes back; substitutions only ever touch a
return, never its first bar, and at most one chord in four bars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from scorekit.compiler.slots import Changes, ChordToken
from scorekit.compiler.wrong import Reader
from scorekit.score import Chord, Key
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.theory import CHORDS, MAJOR_LIKE, chord_symbol, root_names
from scorekit.timebase import Meter, Tick

_LITERAL = {"1": 0, "2": 2, "3": 4, "4": 5, "5": 7, "6": 9, "7": 11, "9": 14, "11": 17, "13": 21}
_PLAINER = {
    "9": "7",
    "13": "7",
    "11": "7",
    "7#9": "7",
    "7b9": "7",
    "13b9": "7",
    "7alt": "7",
    "13#11": "7",
    "7#11": "7",
    "7b13": "7",
    "min9": "min7",
    "min11": "min7",
    "min13": "min7",
    "maj9": "maj7",
    "maj13": "maj7",
    "maj7#11": "maj7",
    "69": "maj",
    "min69": "min",
    "add9": "maj",
    "minadd9": "min",
    "9sus4": "7sus4",
    "6": "maj",
    "min6": "min",
    "min9b5": "min7b5",
}
_FAMILY = {
    "dominant": ("7", "9", "13", "7b9", "7#9", "7alt", "13b9"),
    "minor": ("min", "min7", "min9", "min11"),
    "major": ("maj", "maj7", "maj9", "6", "69", "add9"),
    "halfdim": ("min7b5",),
    "sus": ("sus4", "7sus4", "9sus4"),
}
"""Kinds of chord that ``harmony.color`` speaks of, and the qualities that count as each."""

FOLLOWERS = frozenset({"intro", "solo", "trade", "interlude", "build", "vamp", "outro", "coda", "tag"})
"""Sections over the song's own chords: a solo is played over the tune's, an introduction announces them."""


class Progress(Struct, frozen=True):
    """A progression a genre offers, read."""

    path: str
    roles: tuple[str, ...]
    weight: float
    mode: str
    cadence: str
    changes: Changes


class Swap(Struct, frozen=True):
    """A substitution, read: chords to find and chords instead."""

    match: tuple[ChordToken, ...]
    to: tuple[ChordToken, ...]
    chance: float
    min_repeat: int
    path: str


# -- choosing ------------------------------------------------------------------------------------------------------------


def choose(
    offers: Sequence[Progress],
    names: Sequence[str],
    mode: str,
    seed: Seed,
    against: Progress | None,
    heat: float,
    heard: Sequence[Progress] = (),
    rivals: Sequence[Progress] = (),
    loops: bool = False,
) -> Progress:
    """A progression for a section known by any of ``names`` (itself, what it is like), in a mode.

    Those of the other gender of mode are left aside when any other remains; one of the very mode is preferred four to one,
    one that differs from the progression it should contrast with eight to one, and one ``heard`` in the song already four to
    one: few songs have more than two or three. Twenty to one speaks against ``rivals``: what the hook stands on, for what
    leads to it, and the other way round; nothing does where the music ``loops``. A section of ``FOLLOWERS`` takes a heard one, else one written for followers alone.
    """
    fitting = [o for o in offers if any(name in o.roles for name in names)] or list(offers)
    agreeing = [o for o in fitting if not o.mode or same_gender(o.mode, mode)] or fitting
    if FOLLOWERS.intersection(names):
        own = [o for o in agreeing if FOLLOWERS.issuperset(o.roles)]
        agreeing = [o for o in agreeing if o in heard] or own or agreeing
    weights = [
        o.weight
        * (1.0 if against is None or contrasts(o, against) else 0.125)
        * (4.0 if o.mode == mode else 1.0)
        * ((2.5 if loops else 0.05) if o in rivals else 4.0 if o in heard else 1.0)
        for o in agreeing
    ]
    return seed.choose("progression", agreeing, weights, heat)


def same_gender(mode: str, other: str) -> bool:
    """Whether both modes are major-like or both minor-like."""
    return (mode in MAJOR_LIKE) == (other in MAJOR_LIKE)


def contrasts(offer: Progress, against: Progress) -> bool:
    """Whether two progressions differ in at least two of: first chord, chord set (Jaccard <= .6), chords per bar (x 1.5)."""
    a, b = offer.changes, against.changes
    sets = {(t.root, t.quality) for t in a.tokens}, {(t.root, t.quality) for t in b.tokens}
    pace = (len(a.tokens) / a.bars) / (len(b.tokens) / b.bars)
    differs = (
        (a.tokens[0].root, a.tokens[0].quality) != (b.tokens[0].root, b.tokens[0].quality),
        len(sets[0] & sets[1]) <= 0.6 * len(sets[0] | sets[1]),
        not 1 / 1.5 < pace < 1.5,
    )
    return sum(differs) >= 2


# -- laying out ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def laid(
    changes: Changes, written: Meter, bars: int, meter: Meter, keeps_ending: bool, last: bool = False
) -> tuple[ChordToken, ...]:
    """A progression repeated or cut to so many bars of a meter.

    When it is cut, or the last round is incomplete, and it has a cadence to keep, its last bar closes the section. In a song's
    ``last`` section, whose last bar is the tonic's, the bar before that is the last in which it is not at home.
    """
    order = [bar % changes.bars for bar in range(bars)]
    if last:
        away = [t.start + t.length - 1 for t in changes.tokens if (t.kind, t.root) != ("roman", 0)]
        cadence = max(away, default=0) // written.bar
        order = [(cadence + 2 + bar - bars) % changes.bars for bar in range(bars)]
    elif keeps_ending and bars >= 2 and order[-1] != changes.bars - 1 and changes.bars > 1:
        order[-1] = changes.bars - 1
    placed: list[ChordToken] = []
    for bar, source in enumerate(order):
        inside = list(covering(changes, written, source))
        placed += rebar(inside, source * written.bar, bar, written, meter)
    return merged(placed)


def covering(changes: Changes, meter: Meter, bar: int) -> list[ChordToken]:
    """The chords of one bar, those held from before cut to it."""
    first, last = bar * meter.bar, (bar + 1) * meter.bar
    inside = []
    for token in changes.tokens:
        start, end = max(token.start, first), min(token.start + token.length, last)
        if start < end:
            inside.append(replace(token, start=start, length=end - start))
    return inside


def rebar(tokens: Sequence[ChordToken], origin: Tick, bar: int, written: Meter, meter: Meter) -> list[ChordToken]:
    """The chords of a bar carried into a bar of another meter, each to the nearest beat not taken yet, the later of two: a waltz
    changes on its third beat, five on its fourth."""
    starts: list[Tick] = []
    for token in tokens:
        at = token.start - origin
        if written != meter:
            wished = at * meter.bar / written.bar
            free = [onset for onset in meter.onsets if not starts or onset > starts[-1]]
            at = min(free, key=lambda o: (abs(o - wished), -o)) if free else -1
        starts.append(at)
    kept = [(s, t) for s, t in zip(starts, tokens, strict=True) if s >= 0]
    ends = [s for s, _ in kept[1:]] + [meter.bar]
    base = bar * meter.bar
    return [replace(t, start=base + s, length=e - s, bar=bar) for (s, t), e in zip(kept, ends, strict=True)]


def merged(tokens: Sequence[ChordToken]) -> tuple[ChordToken, ...]:
    """Pieces of one written chord that follow each other, joined."""
    joined: list[ChordToken] = []
    for token in tokens:
        last = joined[-1] if joined else None
        if last and last.offset == token.offset and same(last, token):
            joined[-1] = replace(last, length=last.length + token.length)
        else:
            joined.append(token)
    return tuple(joined)


def same(a: ChordToken, b: ChordToken) -> bool:
    """Whether two tokens are the same chord."""
    return (a.root, a.quality, a.bass) == (b.root, b.quality, b.bass)


# -- varying -------------------------------------------------------------------------------------------------------------


def substituted(
    tokens: tuple[ChordToken, ...], swaps: Sequence[Swap], statement: int, bar: Tick, seed: Seed, daring: float
) -> tuple[tuple[ChordToken, ...], tuple[tuple[Tick, str], ...]]:
    """A return's chords with substitutions, and (tick, path) of each. ``daring`` scales their chance (1 = as written)."""
    result, done, index, quiet_until = list(tokens), [], 0, bar
    while index < len(result):
        swap = next((s for s in swaps if statement >= s.min_repeat and matches(result[index:], s.match)), None)
        at = result[index].start
        if swap and at >= quiet_until and seed.chance(f"swap/{at}", min(1.0, swap.chance * daring)):
            span = result[index : index + len(swap.match)]
            result[index : index + len(swap.match)] = refilled(span, swap.to)
            done.append((at, swap.path))
            quiet_until = at + 4 * bar
        index += 1
    return tuple(result), tuple(done)


def matches(tokens: Sequence[ChordToken], wanted: Sequence[ChordToken]) -> bool:
    """Whether chords begin with those wanted: same root and same family of quality; a power chord is no triad."""
    pairs = zip(tokens, wanted, strict=False)
    return len(tokens) >= len(wanted) and all(
        t.kind == w.kind
        and t.root == w.root
        and family(t.quality) == family(w.quality)
        and (t.quality == "5") == (w.quality == "5")
        for t, w in pairs
    )


def family(quality: str) -> str:
    """dominant, minor, major, halfdim, sus, or the quality itself."""
    return next((name for name, members in _FAMILY.items() if quality in members), quality)


def refilled(span: Sequence[ChordToken], chords: Sequence[ChordToken]) -> list[ChordToken]:
    """Other chords in the time of a span: one each where the numbers agree, the first chord's time shared where there are more."""
    extra = len(chords) - len(span)
    slots: list[tuple[Tick, Tick]] = [(t.start, t.length) for t in span]
    if extra > 0:
        start, length = slots[0]
        share = length // (extra + 1)
        slots[:1] = [(start + n * share, share if n < extra else length - extra * share) for n in range(extra + 1)]
    return [replace(c, start=s, length=n, bar=span[0].bar) for c, (s, n) in zip(chords, slots, strict=False)]


def coloured(token: ChordToken, colors: Mapping[str, tuple[str, ...]], dials: Dials, seed: Seed) -> ChordToken:
    """A chord made plainer below .5 complexity, richer above: as often as the dial is off centre.

    Extensions come from the genre's ``color`` table, the later ones with more creativity.
    """
    lean = dials.complexity - 0.5
    if token.kind == "none" or abs(lean) < 0.02:
        return token
    draw = seed.unit(f"colour/{token.start}")
    if lean < 0:
        return (
            replace(token, quality=_PLAINER[token.quality]) if token.quality in _PLAINER and draw < -2 * lean else token
        )
    choices = colors.get(family(token.quality), ())
    if not choices or draw >= 1.6 * lean or token.quality not in ("maj", "min", "7", "min7", "maj7"):
        return token
    reach = max(1, round(len(choices) * (0.4 + 0.6 * dials.creativity)))
    return replace(token, quality=choices[seed.pick(f"which/{token.start}", [1.0] * reach)])


# -- sounding ------------------------------------------------------------------------------------------------------------


def sounding(
    tokens: Sequence[ChordToken], key: Key, path: str, length: Tick
) -> tuple[tuple[Chord, ...], tuple[Tick, ...]]:
    """Tokens as chords in a key, and the ticks where the harmony is silent (N). The chords fill the section."""
    chords: list[Chord] = []
    silent: list[Tick] = []
    for token in tokens:
        if token.kind == "none":
            silent.append(token.start)
            last = chords[-1] if chords else tonic_chord(key, token.start, 0)
            chords[-1:] = [replace(last, length=token.start + token.length - last.start)]
        else:
            chords.append(resolved(token, key, path))
    if not chords:
        chords = [tonic_chord(key, 0, length)]
    first, last = chords[0], chords[-1]
    chords[-1] = replace(last, length=length - last.start)
    chords[0] = replace(chords[0], start=0, length=chords[0].length + first.start)
    return tuple(chords), tuple(silent)


def crowded(text: str, changes: Changes, bars: int, path: str, book: Reader) -> None:
    """Tells of three chords or more that share one bar of a longer section with no bar line in sight, as in ``C G Am F``: they
    are played so, but a bar each may have been meant."""
    words = text.split()
    if bars > 1 and changes.bars == 1 and len(changes.tokens) > 2 and "|" not in text and ":" not in text:
        told = f"{len(words)} chords share one bar"
        book.warn(
            path, told, f"a bar each is  {' | '.join(words)[:80]};  bar lines at both ends say that one bar is meant"
        )


def resolved(token: ChordToken, key: Key, path: str) -> Chord:
    """One token as a chord in a key."""
    root = (key.tonic + token.root) % 12 if token.kind == "roman" else token.root
    bass = slash(token, root) if token.bass else root
    names = list(root_names(key.tonic, key.mode, key.name))
    if token.kind == "letter":
        names[root] = token.text[: 1 + len(token.text[1:]) - len(token.text[1:].lstrip("b#"))]
        names[bass] = token.bass or names[bass]
    symbol = chord_symbol(root, token.quality, bass, names)
    return Chord(token.start, token.length, root, token.quality, bass, symbol, path)


def slash(token: ChordToken, root: int) -> int:
    """Pitch class of the bass after a slash: a note, or a degree of the chord (3 is the chord's own third)."""
    if token.kind == "letter":
        from scorekit.theory import LETTERS

        return (LETTERS[token.bass[0]] + token.bass.count("#") - token.bass[1:].count("b")) % 12
    bend = token.bass.count("#") - (token.bass[0] == "b")
    degree = token.bass.lstrip("b#")
    own = {"3": (3, 4), "5": (6, 7, 8), "7": (9, 10, 11)}.get(degree, ())
    found = next((i for i in CHORDS[token.quality] if i in own), None) if not bend else None
    return (root + (found if found is not None else _LITERAL[degree] + bend)) % 12


def tonic_chord(key: Key, start: Tick, length: Tick) -> Chord:
    """The tonic triad of a key."""
    quality = "maj" if key.mode in MAJOR_LIKE else "min"
    return Chord(
        start,
        length,
        key.tonic,
        quality,
        key.tonic,
        chord_symbol(key.tonic, quality, key.tonic, root_names(key.tonic, key.mode, key.name)),
    )


def homely(quality: str, mode: str) -> bool:
    """Whether a chord on the tonic has the mode's third, or none at all as a power chord: no suspension, no alteration."""
    third = 4 if mode in MAJOR_LIKE else 3
    return quality == "5" or (third in CHORDS[quality] and quality not in ("7alt", "7b9", "7#9", "13b9"))


def restful(quality: str, mode: str) -> bool:
    """Whether a song in a mode may end on a chord of this quality: no dominant seventh, no suspension, the mode's third."""
    third = 4 if mode in MAJOR_LIKE else 3
    return quality == "5" or (
        (third in CHORDS[quality] and 10 not in CHORDS[quality]) or (third == 3 and quality in ("min7", "min9"))
    )


def recoloured(tonic: Chord, key: Key, quality: str) -> Chord:
    """The tonic's chord in another quality."""
    symbol = chord_symbol(key.tonic, quality, tonic.bass, root_names(key.tonic, key.mode, key.name))
    return replace(tonic, quality=quality, symbol=symbol)


def closed(chords: tuple[Chord, ...], key: Key, last_bar: Tick, length: Tick, quality: str) -> tuple[Chord, ...]:
    """The chords of the last section with the tonic from its last bar on, in the genre's colour (a triad when it has none)."""
    final = tonic_chord(key, last_bar, length - last_bar)
    final = recoloured(final, key, quality) if quality else final
    before = [c if c.end <= last_bar else replace(c, length=last_bar - c.start) for c in chords if c.start < last_bar]
    return (*before, final)
