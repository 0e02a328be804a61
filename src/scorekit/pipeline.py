"""The order of the stages, on one page.

compile -> arrange -> bid -> settle -> play -> reconcile -> perform -> MIDI and WAV. Each arrow is a pure function; the Store
remembers what each returned. Nothing here reads a file, a clock or the environment.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from scorekit.catalog import CATALOG
from scorekit.repeats import repeated, written
from scorekit.score import Arrangement, Decision, Passage, Performance, Phrase, Placement, Plan, Score, Take
from scorekit.seeds import Seed
from scorekit.stage import Gist, Master, Strip
from scorekit.store import Memo, Once, Store
from scorekit.timebase import PPQ, SAMPLE_RATE
from scorekit.values import blake2b

if TYPE_CHECKING:
    from scorekit.compiler.compile import Compiled, Find
    from scorekit.errors import Diagnostic
    from scorekit.render.master import Hands
    from scorekit.render.midi import Known
    from scorekit.render.voices import Bodies
    from scorekit.render.wav import Marks


class Progress(Struct, frozen=True):
    """Where a long piece of work stands: the stage, what it is working on, how far it is."""

    stage: str
    what: str = ""
    done: int = 0
    total: int = 0


Listener = Callable[[Progress], None]
Played = tuple[tuple[str, bytes], ...]
"""The parts of one section, and the events of each take."""


Composed = tuple[int, tuple[Phrase, ...]]
"""The number of a section, and what is played in it."""
Ahead = Callable[[Sequence[Take]], None]


def nobody(takes: Sequence[Take]) -> None:
    """Nobody is ahead."""


def quiet(progress: Progress) -> None:
    """A listener that does not listen."""


class Rendered(Struct, frozen=True):
    """A song as sound: the file of the mix, one per part when asked for, and what was measured."""

    wav: bytes | memoryview
    """In the format asked for."""
    stems: dict[str, memoryview]
    """By part; and "dry", their sum."""
    lufs: float
    peak: float
    """True peak in dBTP."""
    seconds: float


ENDINGS = {"wav": ".wav", "wav24": ".wav", "flac": ".flac", "ogg": ".ogg", "mp3": ".mp3"}
"""Formats of the mix, and how their files end."""


class Sounding(Struct, frozen=True):
    """How a song is delivered, and who works on it; without hands and bodies it is this process, from nothing."""

    kind: str = "wav"
    """One of ``ENDINGS``."""
    hands: Hands | None = None
    bodies: Bodies | None = None
    """Those that are known."""


ALONE = Sounding()
"""This process, from nothing."""


# -- from text to plan ---------------------------------------------------------------------------------------------------


def compile_song(
    text: str, file: str, *, find: Find, settings: Sequence[str] = (), seed: int | None = None, memo: Memo | None = None
) -> Compiled:
    """The plan of a song's text, or every mistake in it; ``find`` gets genres, models and other songs, ``memo`` remembers
    what was read of them."""
    from scorekit.compiler.compile import compile_text

    stem = file.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".toml").strip("<>")
    title = stem.replace("-", " ").replace("_", " ").strip().title() or "Untitled"
    return compile_text(text, file, title, find, CATALOG, settings, seed, memo)


def check_other(text: str, file: str, *, find: Find) -> tuple[str, tuple[Diagnostic, ...]]:
    """What a file is: ``song``, which ``compile_song`` checks; or ``genre``, ``base`` of genres or ``model``, with every
    mistake in it."""
    from scorekit.compiler.compile import check_text

    return check_text(text, file, find, CATALOG)


# -- from plan to score --------------------------------------------------------------------------------------------------


def compose(plan: Plan, store: Store | None = None, listen: Listener = quiet) -> Score:
    """The score of a plan: every section arranged, settled, played and reconciled."""
    store = store or Once()
    passages: list[Passage] = []
    decisions: list[Decision] = list(plan.decisions)
    bare = unmixed(plan)
    for number, placement in enumerate(plan.placements):
        listen(Progress("compose", placement.section.id, number, len(plan.placements)))
        own = local(bare, placement)
        settled, passage = store.together(own, partial(rehearsed, own, placement, store))
        decisions += settled
        passages.append(passage)
    listen(Progress("compose", "", len(plan.placements), len(plan.placements)))
    return heard_whole(Score(plan, tuple(passages), tuple(decisions)), store)


def unmixed(plan: Plan) -> Plan:
    """A plan as far as notes are concerned: whatever the mixer does moves none of them."""
    return replace(plan, title="", master=Master(), parts=tuple(replace(part, strip=Strip()) for part in plan.parts))


def local(plan: Plan, placement: Placement) -> Plan:
    """A plan as far as one section is concerned."""
    cells = tuple(row for row in plan.cells if row[0] == placement.section.id)
    ending = plan.ending if placement.seam.after is None else None
    return replace(plan, placements=(placement,), cells=cells, decisions=(), ending=ending)


def rehearsed(plan: Plan, placement: Placement, store: Store) -> tuple[tuple[Decision, ...], Passage]:
    """A section arranged, settled, played and reconciled, by a plan that need not know any other."""
    once = replace(placement, section=written(placement.section))
    arrangement, settled = arranged(plan, once)
    phrases = {
        part: repeated(phrase, placement.section) for part, phrase in played(plan, once, arrangement, store).items()
    }
    return settled, reconciled(plan, placement, arrangement, phrases, store)


def heard_whole(score: Score, store: Store) -> Score:
    """The score with what can be found only in the whole song added to its decisions."""
    from scorekit.ensemble.conflicts.whole import Facts, facts, whole

    def known(number: int, placement: Placement, passage: Passage) -> Facts:
        return store.again(f"facts/{number}", (placement, passage), partial(facts, placement, passage))

    return replace(score, decisions=(*score.decisions, *whole(score, known)))


def arranged(plan: Plan, placement: Placement) -> tuple[Arrangement, tuple[Decision, ...]]:
    """Who plays in a section and where, after all bids are settled."""
    from scorekit.ensemble import arrangement, band
    from scorekit.ensemble.conflicts.settle import settle

    section = placement.section
    drafted = arrangement.arrange(plan, section, Seed(plan.seed))
    wishes = band.bids(plan, placement, dict(drafted.lanes))
    settled, decisions = settle(plan, section, drafted, wishes)
    return band.voiced(plan, placement, settled), decisions


def accented(plan: Plan, placement: Placement, store: Store) -> tuple[float, ...]:
    """The accent mask of a section, which all parts read."""
    from scorekit.ensemble.beats.rhythm import accents

    section = placement.section
    return store.run(
        f"accents/{section.id}",
        accents,
        section=section,
        ideas=plan.ideas.drums,
        seed=Seed(plan.seed).at("accents", section.name),
        dials=plan.dials,
    )


def played(plan: Plan, placement: Placement, arrangement: Arrangement, store: Store) -> dict[str, Phrase]:
    """A phrase from every part that plays: of the lead what no other part has of its tune, of who is locked what was mended."""
    from scorekit.ensemble import band
    from scorekit.ensemble.duet import left

    def own(part: str, phrase: Phrase) -> Phrase:
        if not band.locked(plan.cell(placement.section, part)):
            return left(phrase, arrangement.lane(part), placement.section)
        bare, once = band.alone(plan, part), Once()
        lanes, _ = arranged(bare, placement)
        return reconciled(bare, placement, lanes, played(bare, placement, lanes, once), once).phrase(part)

    return {part: own(part, phrase) for part, phrase in heard(plan, placement, arrangement, store).items()}


def heard(plan: Plan, placement: Placement, arrangement: Arrangement, store: Store) -> dict[str, Phrase]:
    """A phrase from every part that plays, each hearing those before it by the listening table; the lead's tune whole."""
    from scorekit.ensemble import band
    from scorekit.ensemble.base import PLAY_ORDER
    from scorekit.ensemble.listening import gist

    section = placement.section
    names = {part.name: part for part in plan.parts}
    mask = accented(plan, placement, store)
    phrases, gists = dict[str, Phrase](), dict[str, Gist]()
    for part in (name for name in PLAY_ORDER if name in names):
        lane, phrase = arrangement.lane(part), Phrase(part)
        if band.locked(plan.cell(section, part)):
            bare = band.alone(plan, part)
            phrase = heard(bare, placement, arranged(bare, placement)[0], Once())[part]
        elif lane.plays:
            brief = band.brief(plan, placement, part, lane, phrases, gists, mask)
            phrase = store.run(f"play/{section.id}/{part}", band.play(names[part], brief), brief=brief)
        phrases[part], gists[part] = phrase, gist(phrase, section, placement.seam.next_chord)
    return phrases


def reconciled(
    plan: Plan, placement: Placement, arrangement: Arrangement, phrases: dict[str, Phrase], store: Store
) -> Passage:
    """The phrases of a section with their clashes mended."""
    from scorekit.ensemble.conflicts.reconcile import Case, reconcile

    case = Case.of(plan, placement, arrangement)
    ordered = tuple(phrases[part.name] for part in plan.parts)
    return store.run(f"reconcile/{placement.section.id}", reconcile, case=case, phrases=ordered)


# -- straight from plan to performance -----------------------------------------------------------------------------------


def marked(plan: Plan) -> Iterator[tuple[bytes, Plan]]:
    """Of each section a hash of all that it hangs upon, which is the plan that comes with it."""
    bare, marks = unmixed(plan), Store()
    for number, placement in enumerate(plan.placements):
        own = local(bare, placement)
        told = marshal.dumps((number, *marks.prints("", own).values()), 2)
        yield blake2b(told, digest_size=16).digest(), own


def lacking(plan: Plan, known: Container[bytes] = ()) -> list[int]:
    """Numbers of the sections of a plan that are not known, the longest first: whoever take them one by one from there are done
    at the same time."""
    sizes = [placement.section.bars for placement in plan.placements]
    numbers = (
        [number for number, (key, _) in enumerate(marked(plan)) if key not in known] if known else range(len(sizes))
    )
    return sorted(numbers, key=lambda number: (-sizes[number], number))


def composed(plan: Plan, numbers: Iterable[int]) -> Iterator[Composed]:
    """Sections of a plan, by their numbers, one after another as they are composed."""
    bare, once = unmixed(plan), Once()
    for number in numbers:
        placement = plan.placements[number]
        phrases = rehearsed(local(bare, placement), placement, once)[1].phrases
        yield number, tuple(phrase for phrase in phrases if phrase.notes)


def performed(
    plan: Plan,
    known: Mapping[bytes, Played],
    listen: Listener = quiet,
    composing: Iterable[Composed] | None = None,
    ahead: Ahead = nobody,
) -> tuple[Performance, dict[bytes, Played]]:
    """A plan played: sections that are known from before as they were then, the others as they come from whoever is
    ``composing`` them. With the performance, all that is known now, by a hash of all that a section hangs upon. Who wants
    to be ``ahead`` gets each section that was not known as soon as it is there."""
    import numpy as np

    from scorekit.ensemble import performance

    sections, world = list(marked(plan)), performance.setting(plan)
    fresh, total = dict[bytes, Played](), len(sections)
    for number, phrases in composed(plan, lacking(plan, known)) if composing is None else composing:
        key, own = sections[number]
        placement = own.placements[0]
        takes = [performance.take(phrase, placement, number, world) for phrase in phrases]
        fresh[key] = tuple((take.part, take.events.tobytes()) for take in takes)
        listen(Progress("compose", placement.section.id, number, total))
        ahead(takes)
    listen(Progress("compose", "", total, total))
    found = {key: fresh[key] if key in fresh else known[key] for key, _ in sections}
    takes = [
        Take(part, number, np.frombuffer(events, performance.EVENT))
        for number, played in enumerate(found.values())
        for part, events in played
    ]
    return Performance(plan, tuple(takes)), found


def known(performance: Performance) -> dict[bytes, Played]:
    """What is known of the sections of a performance."""
    rows = [[t for t in performance.takes if t.placement == n] for n in range(len(performance.plan.placements))]
    return {
        key: tuple((take.part, take.events.tobytes()) for take in row)
        for (key, _), row in zip(marked(performance.plan), rows, strict=True)
    }


# -- from score to sound -------------------------------------------------------------------------------------------------


def perform(score: Score, store: Store | None = None) -> Performance:
    """The score as played: swing, shared drift, limb noise, phrasing; in ticks of the song."""
    from scorekit.ensemble import performance

    if store is None:
        return performance.perform(score)
    plan, world = score.plan, performance.setting(score.plan)

    def takes(number: int, placement: Placement, passage: Passage) -> list[Take]:
        name, cell = f"perform/{placement.section.id}", {"placement": placement, "number": number, "world": world}
        heard = [phrase for phrase in passage.phrases if phrase.notes]
        return [store.run(f"{name}/{phrase.part}", performance.take, phrase=phrase, **cell) for phrase in heard]

    found = list[Take]()
    for number, (placement, passage) in enumerate(zip(plan.placements, score.passages, strict=True)):
        hung_upon = (placement, passage, plan.seed, plan.feel, plan.tempo)
        found += store.again(f"perform/{number}", hung_upon, partial(takes, number, placement, passage))
    return Performance(plan, tuple(found))


def midi(performance: Performance, only: str | None = None, known: Known | None = None) -> bytes:
    """A type 1 MIDI file of the whole band, or of one part; what is ``known`` of the last version is not written again."""
    from scorekit.render.midi import encode

    return encode(performance, only=only, known=known)


def audio(
    performance: Performance, *, stems: bool = False, listen: Listener = quiet, sounding: Sounding = ALONE
) -> Rendered:
    """The band through the synth and the mixer, mastered; with a file for each part when stems are wanted."""
    from scorekit.render.delivery import delivered, stemmed
    from scorekit.render.master import Hands
    from scorekit.render.mix import desked, ready
    from scorekit.render.patches import PATCHES
    from scorekit.render.voices import Bodies

    def heard(share: float, what: str) -> None:
        listen(Progress("audio", what, round(100 * share), 100))

    hands, names = sounding.hands or Hands(), [part.name for part in performance.plan.parts]
    heard(0.0, "sounds")
    bodies = Bodies() if sounding.bodies is None else sounding.bodies  # none yet is not nowhere to keep them
    console = ready(performance, PATCHES, bodies, hands)
    heard(0.6, "mix")

    def finished() -> Rendered:
        desk, about = desked(console, performance.plan.master, hands), marks(performance.plan)
        parts = stemmed(desk.console, names, about, hands, desk.n) if stems else {}
        whole = delivered(desk.samples, desk.n, sounding.kind, about, hands)
        return Rendered(whole, parts, desk.lufs, desk.peak, desk.n / SAMPLE_RATE)

    rendered = hands.together(finished)
    heard(1.0, "master")
    return rendered


def marks(plan: Plan) -> Marks:
    """What the sound files of a song say about it: title, sections; tempo and meter when there is only one."""
    from scorekit.render.wav import Marks

    tempos = {tempo for _, tempo in plan.tempo.changes}
    meter = plan.placements[0].section.meter
    places = tuple((plan.tempo.sample(place.start), place.section.name) for place in plan.placements)
    tempo = 60e6 / min(tempos) if len(tempos) == 1 else 0.0
    return Marks(plan.title, tempo, (meter.beats, meter.unit), round(plan.end / PPQ), places, plan.loops)


def outputs(
    performance: Performance,
    name: str,
    *,
    sound: bool = True,
    stems: bool = False,
    split: bool = False,
    listen: Listener = quiet,
    sounding: Sounding = ALONE,
) -> tuple[dict[str, bytes | memoryview], dict[str, float]]:
    """The files of a song by their place in the output folder, and what was measured of its sound."""
    numbered = {part.name: f"{name}/{n:02}-{part.name}" for n, part in enumerate(performance.plan.parts, 1)}
    numbered["dry"] = f"{name}/{name}-dry"
    listen(Progress("midi", "", 0, 1))
    found: dict[str, bytes | memoryview] = {f"{name}.mid": midi(performance)}
    if split:
        parts = [part.name for part in performance.plan.parts]
        found |= {f"{numbered[part]}.mid": midi(performance, only=part) for part in parts}
    listen(Progress("midi", "", 1, 1))
    if not sound:
        return found, {}
    heard = audio(performance, stems=stems, listen=listen, sounding=sounding)
    found[f"{name}{ENDINGS[sounding.kind]}"] = heard.wav
    found |= {f"{numbered[part]}.wav": data for part, data in heard.stems.items()}
    return found, {"lufs": round(heard.lufs, 2), "peak": round(heard.peak, 2), "seconds": round(heard.seconds, 3)}
