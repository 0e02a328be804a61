"""The voicing families: what shapes a player thinks in, as intervals above the root.

Each family is a small function from the tones of a chord to shapes, mostly spelt as players do: ``R73`` is root,
seventh and third from the bottom up. Octaves, lanes and hands are the business of voicing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import combinations, pairwise, product

from msgspec import Struct

from scorekit.theory import CHORDS, VOICINGS

FAMILIES = VOICINGS
"""Every family there is a function for."""
UNGUIDED = frozenset({"power", "octaves", "double_stop", "quartal", "boogie"})
"""Families that may leave out the third or the seventh."""
WIDE = frozenset({"open_chord", "barre", "spread", "spread4", "open_triad9", "octaves"})
"""Families whose span is their sound."""
RESTLESS = frozenset({"octaves", "double_stop", "quartal", "boogie"})
"""Families a song does not end on: without the third or the seventh nobody knows that it is home."""
FIGURES = frozenset({"boogie", "turnaround"})
"""Families that walk with the beat (see figures): they keep their pulse, whatever the tune does over them."""
LOW_SEATS = {"power": 9, "boogie": 9, "open_chord": 16, "barre": 16, "freddie_shell": 14}
"""Families that belong on the low strings: how far above the bottom of the lane they gather, in semitones."""
DIGGING = frozenset({"power", "boogie"})
"""Those whose root lies in the lowest octave of the lane, whatever was played before: a riff lives on the open strings."""

Shape = tuple[int, ...]


class Tones(Struct, frozen=True):
    """The degrees of a chord in semitones above its root, within the octave (ninth and thirteenth above it)."""

    root: int
    intervals: Shape
    third: int | None
    fifth: int
    seventh: int | None
    """Seventh or sixth."""
    ninth: int | None
    """The chord's own, or the one its scale offers."""
    thirteenth: int | None
    scale: Shape
    """Semitones above the root."""

    @property
    def body(self) -> Shape:
        """Root, third, fifth, seventh: those there are."""
        return tuple(t for t in (0, self.third, self.fifth, self.seventh) if t is not None)

    @property
    def heart(self) -> int:
        """The third; where there is none, the fifth."""
        return self.fifth if self.third is None else self.third

    @property
    def top(self) -> int:
        """Seventh or sixth; where there is none, the octave."""
        return 12 if self.seventh is None else self.seventh

    @property
    def colour(self) -> int:
        """The ninth; where there is none, the octave."""
        return 12 if self.ninth is None else self.ninth

    @property
    def added(self) -> int:
        """The ninth where the chord names it; else the fifth over a seventh chord, the root over a triad."""
        if self.ninth in self.intervals and self.ninth is not None:
            return self.ninth
        return 0 if self.seventh is None else self.fifth


@lru_cache(maxsize=4096)
def tones(root: int, quality: str, scale: Shape) -> Tones:
    """The degrees of a chord. ``scale`` (pitch classes) offers a ninth and thirteenth where the chord names none."""
    intervals = CHORDS[quality]
    steps = tuple(sorted((pc - root) % 12 for pc in scale))
    low = {i % 12 for i in intervals if i < 12 or i == 17}
    third = next((i for i in (4, 3, 5, 2) if i in low), None)
    fifth = next((i for i in (7, 6, 8) if i in low), 8 if 20 in intervals else 7)
    seventh = next((i for i in (10, 11) if i in low), 9 if 9 in low else None)
    offered = 14 if 2 in steps and quality not in ("dim", "dim7", "5") else None
    ninth = next((i for i in (14, 13, 15) if i in intervals), offered)
    thirteenth = next((i for i in (21, 20) if i in intervals), None)
    if thirteenth is None and seventh == 10 and third == 4 and 9 in steps and fifth == 7:
        thirteenth = 21
    return Tones(root, intervals, third, fifth, seventh, ninth, thirteenth, steps)


def rising(shape: Shape) -> Shape:
    """The same tones, each lifted by octaves above the one before it."""
    out: list[int] = []
    for tone in shape:
        while out and tone <= out[-1]:
            tone += 12
        out.append(tone)
    return tuple(out)


def spelt(t: Tones, text: str, seventh: int | None = None) -> list[Shape]:
    """Shapes spelt from the bottom up: R, 3, 5, 7 (a triad's fifth, unless ``seventh`` says else), 9, n (``added``)."""
    top = seventh if seventh is not None else t.fifth if t.seventh is None else t.seventh
    names = {"R": 0, "3": t.heart, "5": t.fifth, "7": top, "9": t.colour, "n": t.added}
    return [rising(tuple(names[letter] for letter in word)) for word in text.split()]


def inversions(classes: Shape) -> list[Shape]:
    """Close positions of some tones, one for each lowest note."""
    order = sorted({tone % 12 for tone in classes})
    return [rising((*order[n:], *order[:n])) for n in range(len(order))]


def dropped(shape: Shape, voice: int) -> Shape:
    """A close position with a voice, counted from the top, an octave lower."""
    index = len(shape) - voice
    return shape if index < 0 else tuple(sorted((*shape[:index], shape[index] - 12, *shape[index + 1 :])))


def four(t: Tones) -> Shape:
    """The four tones that say most: third, seventh, and colours before root and fifth."""
    extensions = [i % 12 for i in reversed(t.intervals) if i > 12 and i % 12 not in (t.heart, t.top)]
    ranked = [*(i for i in (t.third, t.seventh) if i is not None), *extensions, 0, t.fifth]
    return tuple(dict.fromkeys(ranked))[:4]


def _close(t: Tones) -> list[Shape]:
    return inversions(four(t)) + (inversions(t.body) if len(t.intervals) > 4 else [])


def _triad_top3(t: Tones) -> list[Shape]:
    if t.seventh is None:
        return inversions((0, t.heart, t.fifth))
    upper = inversions((t.heart, t.fifth, t.top)) + inversions((t.heart, t.top, 0))
    return upper + (inversions((t.heart, t.top, t.colour)) if len(t.intervals) > 4 else [])


def _open_triad9(t: Tones) -> list[Shape]:
    return spelt(t, "R593 R53 3R5 395 593 53R R539" if t.seventh is None else "R735 R793 379 739 7953 3957 R573")


def _spread(t: Tones) -> list[Shape]:
    return spelt(t, "R53 3R5 53R R3R" if t.seventh is None else "R73 R537 R37 37R")


def _spread4(t: Tones) -> list[Shape]:
    return spelt(t, "R53R R5R3 3R5n 5R35 R35n 35R3 R53n" if t.seventh is None else "R537 R735 3R57 R73n 735R 573n 37n5")


def _shell(t: Tones) -> list[Shape]:
    return spelt(t, "R37 R73 37R 73 37")


def _shell_9(t: Tones) -> list[Shape]:
    return spelt(t, "379 793 R379 R739 739")


def _rootless(t: Tones) -> list[Shape]:
    """Types A (3 5 7 9) and B (7 9 3 5); dominants take 13 for the fifth, triads the sixth for the seventh."""
    sixth = 9 if 9 in t.scale and t.third is not None else t.fifth
    top = t.seventh if t.seventh is not None else sixth
    middle = t.thirteenth - 12 if t.thirteenth is not None and t.seventh == 10 else t.fifth
    middle = 0 if middle == top else middle
    return [
        rising((t.heart, middle, top, t.colour)) if middle < top else (t.heart, middle, top, t.colour),
        rising((top, t.colour, t.heart, middle)),
    ]


def _quartal(t: Tones) -> list[Shape]:
    """Three or four fourths from the chord's scale, with a guide tone (a dominant has both) and without the eleventh over a
    major third."""
    avoid = {5} if t.third == 4 else {8} if t.third == 3 and 8 not in t.intervals else set()
    usable = [s for s in t.scale if s not in avoid]
    ladder = [s + 12 * octave for octave in range(3) for s in usable]
    guides = {t.third, t.seventh} - {None}
    least = 2 if (t.third, t.seventh) == (4, 10) else 1
    found: list[Shape] = []
    for first in usable:
        stack = [first]
        while len(stack) < 4:
            above = next((s for s in (stack[-1] + 5, stack[-1] + 6, stack[-1] + 4) if s in ladder), None)
            if above is None:
                break
            stack.append(above)
            if len(stack) >= 3 and len({s % 12 for s in stack} & guides) >= least:
                found.append(tuple(stack))
    return found or _shell_9(t)


def _power(t: Tones) -> list[Shape]:
    return [(0, t.fifth), (0, t.fifth, 12)]


def _octaves(t: Tones) -> list[Shape]:
    return [(tone, tone + 12) for tone in (0, t.heart, t.fifth)]


def _freddie(t: Tones) -> list[Shape]:
    """Sixth, fourth and third string: root (or fifth) with seventh and third above."""
    sixth = 9 if t.seventh is None and 9 in t.scale and t.third == 4 else None
    return spelt(t, "R73 537 3R7 R37", sixth)


def _ninth_top4(t: Tones) -> list[Shape]:
    if t.seventh is None:
        return [dropped(s, 2) for s in inversions((0, t.heart, t.fifth, t.colour % 12))]
    colour = t.colour % 12 if t.ninth is not None else 0
    return [dropped(s, 2) for s in inversions((t.heart, t.fifth, t.top, colour))]


def _double_stop(t: Tones) -> list[Shape]:
    """Thirds, fourths, sixths and the dominant's tritone, never without a tone that tells the chord."""
    told = {t.heart, t.top % 12}
    pairs = [tuple(sorted(pair)) for pair in combinations(t.body, 2) if told & set(pair)]
    both = [shape for low, high in pairs for shape in ((low, high), (high, low + 12))]
    return [shape for shape in both if shape[1] - shape[0] in (3, 4, 5, 6, 8, 9)]


def _single_arp(t: Tones) -> list[Shape]:
    """Nothing that would ring a semitone."""
    if t.seventh is None:
        return spelt(t, "R35R 35R3 5R35 R5R3")
    found = inversions(four(t)) + spelt(t, "R573 37R5")
    return [shape for shape in found if all(b - a > 1 for a, b in pairwise(shape))]


def _barre(t: Tones) -> list[Shape]:
    """The E shape (six strings) and the A shape (five), with the seventh in place of the inner octave."""
    heart, fifth = t.heart, t.fifth
    inner = 12 if t.seventh is None else t.top
    found = [(0, fifth, inner, heart + 12, fifth + 12, 24), (0, fifth, inner, heart + 12, fifth + 12)]
    found.append((0, fifth, inner, heart + 12))
    if t.ninth in t.intervals and t.seventh is not None:
        found.append((0, heart, t.top, t.colour, fifth + 12))
    return found


_OPEN = (40, 45, 50, 55, 59, 64)


def _open_chord(t: Tones) -> list[Shape]:
    """Every string from the root up (the second may be muted), open or within three frets, the root lowest."""
    classes = {(t.root + tone) % 12 for tone in (*t.body, *(i for i in t.intervals if i > 12))}
    found: list[Shape] = []
    for lowest in range(3):
        options = [[s + f for f in range(4) if (s + f) % 12 in classes] for s in _OPEN[lowest:]]
        options[0] = [pitch for pitch in options[0] if (pitch - t.root) % 12 == 0]
        for pitches in (*product(*options), *product(options[0], *options[2:])):
            rises = all(b - a > 1 for a, b in pairwise(pitches))
            if rises and pitches[1] - pitches[0] >= 4 and (pitches[0] - t.root) % 12 == 0:
                found.append(tuple(p - t.root for p in pitches))
    return [s for s in found if {(p + t.root) % 12 for p in s} >= {(t.root + x) % 12 for x in t.body if x != t.fifth}]


_MAKERS: dict[str, Callable[[Tones], list[Shape]]] = {
    "close": _close,
    "triad_top3": _triad_top3,
    "open_triad9": _open_triad9,
    "spread": _spread,
    "spread4": _spread4,
    "shell": _shell,
    "shell_9": _shell_9,
    "rootless_ab": _rootless,
    "drop2": lambda t: [dropped(s, 2) for s in _close(t)],
    "drop3": lambda t: [dropped(s, 3) for s in _close(t)],
    "quartal": _quartal,
    "power": _power,
    "octaves": _octaves,
    "freddie_shell": _freddie,
    "9th_top4": _ninth_top4,
    "double_stop": _double_stop,
    "single_arp": _single_arp,
    "open_chord": _open_chord,
    "barre": _barre,
    "boogie": lambda t: [(0, t.fifth if t.fifth == 7 else t.top if t.top < 12 else t.heart + 12)],
    "turnaround": _ninth_top4,
}


@lru_cache(maxsize=8192)
def shapes(family: str, root: int, quality: str, scale: Shape) -> tuple[Shape, ...]:
    """The shapes of a family for a chord, in semitones above the root; ``scale`` is the pitch classes that suit it.

    Open chords belong to absolute pitches, which their octave keeps. A sharp ninth never lies right under the third, where
    there is a choice: it is a blue third on top. KeyError for an unknown family.
    """
    made = tuple(dict.fromkeys(_MAKERS[family](tones(root, quality, scale))))
    return tuple(s for s in made if not any((a % 12, b - a) == (3, 1) for a, b in pairwise(s))) or made
