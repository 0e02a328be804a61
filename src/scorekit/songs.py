"""Work on songs, one after another: checked, rendered, measured; what became of each, and how it all ends.

What the commands ``check``, ``render`` and ``smells`` do once their command line is understood.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from msgspec import Struct, field
from msgspec.structs import replace

from scorekit import files, keep, ledger, loading, report, writing
from scorekit.aside import Pile, Stream, both, forks, helped, processors, waiting
from scorekit.errors import Diagnostic
from scorekit.memory import keep_memory
from scorekit.report import BUG, BUSY, REFUSED, Voice, emit, emit_json
from scorekit.store import Memo

if TYPE_CHECKING:
    from scorekit.compiler.compile import Compiled
    from scorekit.pipeline import Ahead, Composed, Sounding
    from scorekit.renewal import Renewal
    from scorekit.score import Plan


class Wishes(Struct, frozen=True):
    """What a command line asks of every song."""

    seed: int | None = None
    sets: tuple[str, ...] = ()
    out: Path = Path("out")
    stems: bool = False
    split: bool = False
    midi_only: bool = False
    kind: str = "wav"
    loop: bool = False
    cache: bool = True
    soundfont: Path | None = None
    """Given: FluidSynth plays, with this soundfont."""

    @property
    def settings(self) -> tuple[str, ...]:
        """Values that win over the songs'."""
        return (*self.sets, "loop=true") if self.loop else self.sets

    @property
    def way(self) -> str:
        """What kinds of files are asked for."""
        return repr((self.stems, self.split, self.midi_only, self.kind, self.loop))


Files = dict[str, bytes | memoryview]
"""By their place in the output folder."""


class Outcome(Struct):
    """What became of one song."""

    spec: str
    code: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """As it stands in a JSON document."""
        mistakes = [report.mistake(diagnostic) for diagnostic in self.diagnostics]
        return {"spec": self.spec, "ok": not self.code, **self.facts, "diagnostics": mistakes}


class Refusal(Exception):
    """Ends the work on one song: with mistakes to tell, and the exit code."""

    def __init__(self, *diagnostics: Diagnostic, code: int = REFUSED) -> None:
        super().__init__()
        self.diagnostics, self.code = diagnostics, code


# -- what the commands do -----------------------------------------------------------------------------------------------


def render(specs: list[str], wishes: Wishes, voice: Voice, as_json: bool = False) -> NoReturn:
    """Renders songs to MIDI and WAV."""
    found = distinct(expanded(specs, voice, as_json), voice, as_json)

    def work(spec: str) -> Outcome:
        with ExitStack() as leaving:
            return render_song(spec, wishes, voice, leaving)

    finish(each(found, work, voice), voice, as_json)


def check(specs: list[str], wishes: Wishes, voice: Voice, as_json: bool = False) -> NoReturn:
    """Tells every mistake in songs, genres and models."""
    found = expanded(specs, voice, as_json, others=True)
    finish(each(found, lambda spec: check_song(spec, wishes, voice), voice), voice, as_json, "file")


def smell(specs: list[str], wishes: Wishes, voice: Voice, as_json: bool = False) -> NoReturn:
    """Measures songs."""
    found = expanded(specs, voice, as_json)
    finish(each(found, lambda spec: smell_song(spec, wishes, as_json), voice), voice, as_json)


# -- one song ----------------------------------------------------------------------------------------------------------


def compiled_song(spec: str, wishes: Wishes) -> Compiled:
    """A song read and compiled; Refusal with every mistake when there is one."""
    return compiled_text(*read(spec), wishes)


def compiled_text(text: str, name: str, wishes: Wishes) -> Compiled:
    """The same of a song's text, by the name it goes by."""
    from scorekit import pipeline

    loading.compiled()
    compiled = pipeline.compile_song(
        text, name, find=files.load, settings=wishes.settings, seed=wishes.seed, memo=_READ
    )
    if compiled.plan is None:
        raise Refusal(*compiled.diagnostics)
    return compiled


_READ = Memo()
"""Genres and models as they were read for other songs, by their texts."""


class Read(Struct, frozen=True):
    """A song compiled: its plan, unless it has mistakes, what is told, and what it was made of."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]
    asked: tuple[ledger.Question, ...]
    made: bytes


def told(text: str, name: str, wishes: Wishes, known: Container[bytes], pile: Pile | None) -> Iterator[Read | Composed]:
    """A song's text compiled and composed: first its plan, then what is not known; of a ``pile`` what nobody else has taken."""
    from scorekit import pipeline

    found = plan_of(text, name, wishes)
    numbers = pipeline.lacking(found.plan, known) if found.plan else []
    if pile:
        pile.put(numbers)
    yield found
    if found.plan:
        yield from pipeline.composed(found.plan, pile or sorted(numbers))


def understood(
    text: str, name: str, wishes: Wishes, last: ledger.Ledger, leaving: ExitStack
) -> tuple[Read, Iterator[Composed]]:
    """A song compiled, and its sections to come: in a process of its own, where that is a gain, while this one loads what makes
    them heard and then composes with it. Refusal with every mistake when there is one."""
    from scorekit import pipeline

    pile = leaving.enter_context(Pile()) if forks() and processors() > 1 and not cold(wishes, last) else None
    telling = here = told(text, name, wishes, last.sections, pile)
    if pile:
        loading.composed()
    if helped():
        telling = leaving.enter_context(Stream(lambda: here))
        loading.played()
        if sounding(wishes):
            loading.sound(again=wishes.cache)
    found, composing = cast(Read, next(telling)), cast("Iterator[Composed]", telling)
    if found.plan is None:
        raise Refusal(*found.diagnostics)
    if pile and (telling is not here or pile.size > 1):
        composing = both(pipeline.composed(found.plan, pile), composing, leaving)
    return found, composing


def plan_of(text: str, name: str, wishes: Wishes) -> Read:
    """A song's text compiled here and now."""
    from scorekit import pipeline

    loading.compiled()
    asking = ledger.Asking()
    compiled = pipeline.compile_song(text, name, find=asking, settings=wishes.settings, seed=wishes.seed)
    made = ledger.made_of(text, name, wishes, asking.heard) if wishes.cache else b""  # nothing is left, then
    return Read(compiled.plan, compiled.diagnostics, tuple(asking.heard), made)


def read(spec: str, limit: int = files.SPEC_LIMIT) -> tuple[str, str]:
    """The text of a spec and the name it goes by; Refusal when it cannot be read."""
    text = files.read_stdin(limit) if spec == "-" else files.read_text(Path(spec), limit)
    if isinstance(text, Diagnostic):
        raise Refusal(text)
    return text, "<stdin>" if spec == "-" else spec


def decided(compiled: Compiled) -> Plan:
    """The plan of a compiled song, which has one."""
    assert compiled.plan is not None
    return compiled.plan


def check_song(spec: str, wishes: Wishes, voice: Voice) -> Outcome:
    """A song compiled and nothing more; a genre or a model read as what it is."""
    from scorekit import pipeline

    text, name = read(spec, files.MODEL_LIMIT)
    kind, mistakes = pipeline.check_other(text, name, find=files.load)
    if kind != "song":
        if mistakes:
            raise Refusal(*mistakes)
        what = "base for genres; to be named by songs it lacks a [[form]]" if kind == "base" else kind
        voice.say(f"{spec}: fine, a {what}")
        return Outcome(spec, 0, (), {"kind": kind})
    compiled = compiled_text(text, name, wishes)
    voice.say(f"{spec}: fine")
    return Outcome(spec, 0, compiled.diagnostics, report.card(decided(compiled)))


def smell_song(spec: str, wishes: Wishes, as_json: bool) -> Outcome:
    """A song composed, performed and measured. An alarm asks for a listen; it is no mistake."""
    from scorekit import pipeline
    from scorekit import smells as noses
    from scorekit.smells import telling

    compiled = compiled_song(spec, wishes)
    score = pipeline.compose(decided(compiled))
    found = noses.smells(score, pipeline.perform(score))
    bad = len(noses.tripped(found))
    if not as_json:
        emit(f"{spec}: {report.count(bad, 'alarm')}\n" + report.table(telling.rows(found)))
    return Outcome(spec, 0, compiled.diagnostics, {"alarms": bad, "smells": telling.data(found)})


def render_song(spec: str, wishes: Wishes, voice: Voice, leaving: ExitStack) -> Outcome:
    """A song compiled, played, and written: all of its files or none. What the last render left is used again, all of it
    when nothing differs. Whoever helps goes when that is left."""
    from scorekit.store import fingerprint

    began = time.monotonic()
    text, file = read(spec)
    name = "" if spec == "-" else files.slug(Path(spec).stem)
    last = left(name, wishes)
    if last.same(text, file, wishes):
        with claimed(name, wishes):
            if last.whole(wishes.out):
                return kept(spec, name, last, wishes, voice, began)
    found, composing = understood(text, file, wishes, last, leaving)
    assert found.plan is not None
    how = playing(found.plan.loops, name, wishes, last, leaving)
    if not name:
        name = files.slug(found.plan.title)
        last = left(name, wishes)
    marked = fingerprint(found.plan) if wishes.cache else ""
    now = ledger.Ledger(found.asked, found.made, marked, ledger.told(found.diagnostics))
    with claimed(name, wishes):
        if last.plan == now.plan and last.whole(wishes.out):
            return kept(spec, name, now.after(last), wishes, voice, began)
        outputs, heard, now = rendered(found.plan, composing, name, wishes, voice, how, last, now)
        hashes = ledger.Hashes(outputs if wishes.cache else {})
        renewal = how.hands and how.hands.renewing
        trouble = writing.replace_all(
            wishes.out, name, outputs, renewal.drafts(f"{name}.wav") if renewal else writing.NOTHING
        )
        if trouble is not None:
            raise Refusal(trouble)
        facts = {**report.card(found.plan), **heard}
        leave(name, wishes, now.ended(facts, hashes))
    written = [str(wishes.out / inner) for inner in outputs]
    took = round(time.monotonic() - began, 3)
    composed = [
        p.section.id for p, key in zip(found.plan.placements, now.sections, strict=True) if key not in last.sections
    ]
    again = {"composed": composed, "mixed": round(renewal.mixed_again, 3) if renewal else heard.get("seconds", 0.0)}
    facts = {**facts, "took": took, "files": written, "kept": False, "again": again}
    voice.settle()
    voice.say(report.summary(facts, written, took, voice.verbose, voice.why))
    tidied(how)
    return Outcome(spec, 0, found.diagnostics, facts)


def kept(spec: str, name: str, last: ledger.Ledger, wishes: Wishes, voice: Voice, began: float) -> Outcome:
    """A song whose files are what a render would make them."""
    leave(name, wishes, last)
    written = [str(wishes.out / inner) for inner, _, _ in last.files]
    took = round(time.monotonic() - began, 3)
    voice.settle()
    voice.say(f"{spec}: unchanged, kept {' '.join(written)}")
    facts = {**last.facts, "took": took, "files": written, "kept": True, "again": {"composed": [], "mixed": 0.0}}
    return Outcome(spec, 0, last.diagnostics(), facts)


@contextmanager
def claimed(name: str, wishes: Wishes) -> Iterator[None]:
    """The outputs of a song are for this process alone; Refusal when they are not to be had."""
    try:
        with writing.claim(wishes.out, name):
            yield
    except writing.Busy:
        busy = Diagnostic("busy", f"another run is writing {wishes.out / name}.*", hint="try again when it is done")
        raise Refusal(busy, code=BUSY) from None
    except OSError as error:
        raise Refusal(writing.unwritten(error, wishes.out)) from None


def left(name: str, wishes: Wishes) -> ledger.Ledger:
    """What the last render in the same way left; nothing, when it has no name yet or is not to be used."""
    usable = name and wishes.cache and not wishes.soundfont
    return ledger.read(ledger.place(wishes.out, name, wishes.way)) if usable else ledger.Ledger()


def leave(name: str, wishes: Wishes, now: ledger.Ledger) -> None:
    """Leaves a ledger for the next render, and nothing that runs before were killed over."""
    if wishes.cache and not wishes.soundfont:
        ledger.write(ledger.place(wishes.out, name, wishes.way), now)
        keep.sweep(keep.bodies())


def sounding(wishes: Wishes) -> bool:
    """Whether our own sound is asked for."""
    return not (wishes.midi_only or wishes.soundfont)


def cold(wishes: Wishes, last: ledger.Ledger) -> bool:
    """Whether a song's sounds are likely to be nowhere yet: then a second processor has enough to do with them."""
    return sounding(wishes) and not last.sections and not (wishes.cache and keep.bodies().exists())


def playing(loops: bool, name: str, wishes: Wishes, last: ledger.Ledger, leaving: ExitStack) -> Sounding:
    """How a song is to sound: by two processes, with the shelf unless it is not to be used; and where that can be, with the
    sound that the last render left. One that ``loops`` is mixed whole."""
    from scorekit.pipeline import Sounding

    if not sounding(wishes):
        return Sounding()
    from scorekit.render.voices import Bodies
    from scorekit.workshop import Workshop

    keep_memory()
    shop = Workshop(folder=wishes.out)
    leaving.callback(shop.dismiss)
    if not wishes.cache:
        return Sounding(wishes.kind, shop, Bodies())
    from scorekit.renewal import Renewal
    from scorekit.shelf import Shelf

    hands: Workshop | Renewal = shop
    if wishes.kind == "wav" and not loops and not wishes.stems:
        told = {inner: digest for inner, _, digest in last.files}
        hands = Renewal(shop, last.sound, wishes.out / f"{name}.wav", told.get(f"{name}.wav", b""))
    return Sounding(wishes.kind, hands, Bodies(keeper=Shelf(later=True)))


def tidied(how: Sounding) -> None:
    """The shelf, when something new may have come to it."""
    if how.bodies is not None and how.bodies.keeper:
        from scorekit.shelf import Shelf

        if isinstance(how.bodies.keeper, Shelf) and how.bodies.keeper.missed:
            how.bodies.keeper.tidy()


def rendered(
    plan: Plan, composing: Iterator[Composed], name: str, wishes: Wishes, voice: Voice, how: Sounding,
    last: ledger.Ledger, now: ledger.Ledger,
) -> tuple[Files, dict[str, float], ledger.Ledger]:  # fmt: skip
    """The files of a song, what was measured, and what is left for the next render; Refusal when FluidSynth did not play it."""
    from scorekit import pipeline

    way: tuple[Ahead, Iterator[None]] = pipeline.nobody, iter(())
    if cold(wishes, last):
        from scorekit import workshop

        way = workshop.ahead(plan, how)
    ahead, spare = way
    performance, sections = pipeline.performed(plan, last.sections, voice.hear, waiting(composing, spare), ahead)
    kinds = {"sound": sounding(wishes), "stems": wishes.stems, "split": wishes.split}
    found, heard = pipeline.outputs(performance, name, **kinds, listen=voice.hear, sounding=how)
    if wishes.soundfont and not wishes.midi_only:
        from scorekit import playback

        loop = plan.tempo.sample(plan.end) if plan.loops else 0
        played = playback.fluidsynth(bytes(found[f"{name}.mid"]), wishes.soundfont, loop=loop)
        if isinstance(played, Diagnostic):
            raise Refusal(played)
        found[f"{name}.wav"] = played
    renewal = how.hands and how.hands.renewing
    return found, heard, replace(now, sections=sections, sound=renewal.left() if renewal else ())


# -- several songs, and how it all ends --------------------------------------------------------------------------------


def expanded(specs: list[str], voice: Voice, as_json: bool, others: bool = False) -> list[str]:
    """The songs that a command line names; with ``others`` also the genres and models in its folders."""
    found = files.songs(specs, others)
    if isinstance(found, Diagnostic):
        stop(Outcome(specs[0], REFUSED, (found,)), voice, as_json)
    return found


def distinct(specs: list[str], voice: Voice, as_json: bool) -> list[str]:
    """The songs, when no two of them would write the same files."""
    names: dict[str, str] = {}
    for spec in specs:
        other = names.setdefault(files.slug(Path(spec).stem), spec)
        if other != spec:
            clash = Diagnostic("file", f"{other} and {spec} would write the same files", hint="give each its own -o")
            stop(Outcome(spec, REFUSED, (clash,)), voice, as_json)
    return specs


def each(specs: list[str], work: Callable[[str], Outcome], voice: Voice) -> list[Outcome]:
    """Every song worked on, whatever becomes of the others."""
    outcomes = []
    for spec in specs:
        try:
            outcome = work(spec)
        except Refusal as refusal:
            outcome = Outcome(spec, refusal.code, refusal.diagnostics)
        except MemoryError as error:
            short = Diagnostic("memory", f"{spec}: not enough memory for this song", hint=str(error))
            outcome = Outcome(spec, REFUSED, (short,))
        except Exception as error:
            voice.bug(error)
            outcome = Outcome(spec, BUG)
        if outcome.diagnostics:
            voice.refuse(outcome.diagnostics)
        outcomes.append(outcome)
    return outcomes


def finish(outcomes: list[Outcome], voice: Voice, as_json: bool, noun: str = "song") -> NoReturn:
    """The document, when one was asked for, and the exit code."""
    code = report.exit_code([outcome.code for outcome in outcomes])
    if as_json:
        emit_json({"ok": not code, "songs": [outcome.data() for outcome in outcomes]})
    if len(outcomes) > 1:
        failed = sum(bool(outcome.code) for outcome in outcomes)
        voice.say(f"{report.count(len(outcomes) - failed, noun)} fine, {failed} failed")
    raise SystemExit(code)


def stop(outcome: Outcome, voice: Voice, as_json: bool) -> NoReturn:
    """Ends the command because of one song's mistakes."""
    voice.refuse(outcome.diagnostics)
    finish([outcome], voice, as_json)
