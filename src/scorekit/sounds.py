"""The sound of songs under watch: a thread that turns versions into WAV files, of each song only the newest."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from scorekit import ledger, pipeline, report, writing
from scorekit.draft import Draft
from scorekit.errors import Diagnostic
from scorekit.memory import trimmed
from scorekit.rehearsal import Music, Rehearsal
from scorekit.songs import Wishes
from scorekit.store import Memo, fingerprint
from scorekit.timebase import SAMPLE_RATE
from scorekit.trace import Trace

if TYPE_CHECKING:
    from scorekit.remix import Heard


class Event(Struct, frozen=True, eq=False):
    """Something happened to a song: midi, wav, ready (a sound that was kept from before can be edited), same, mistake, gone,
    dropped (its sound was given up), trouble."""

    kind: str
    song: str
    at: float
    """Seconds since the epoch."""
    ms: float = 0.0
    """Since the save was noticed."""
    music: Music | None = None
    heard: Heard | None = None
    """The sound, valid while this event is listened to."""
    diagnostics: tuple[Diagnostic, ...] = ()
    standing: tuple[Diagnostic, ...] = ()
    """What is told of a version that is played all the same, whether it was told before or not."""
    files: tuple[str, ...] = ()
    words: str = ""

    def data(self) -> dict[str, Any]:
        """As it stands on a line of JSON."""
        found: dict[str, Any] = {"event": self.kind, "song": self.song, "at": round(self.at, 3)}
        if self.ms:
            found["ms"] = round(self.ms, 1)
        if self.kind == "midi" and self.music:
            found["first"] = self.music.first
            found["changes"] = [change.data() for change in self.music.changes]
            found["ran"] = [{"stage": stage, "differed": list(inputs)} for stage, inputs in self.music.ran]
        if self.diagnostics:
            found["diagnostics"] = [report.mistake(diagnostic) for diagnostic in self.diagnostics]
        return found | {k: v for k, v in (("files", list(self.files)), ("words", self.words)) if v}


Listen = Callable[[Event], None]


@dataclass
class Song:
    """A song under watch: what it was last made of, and everything remembered of it."""

    spec: str
    name: str
    out: Path
    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    trace: Trace = field(init=False)
    one_writer: threading.Lock = field(default_factory=threading.Lock)
    broken: tuple[Diagnostic, ...] = ()
    away_since: float = 0.0
    draft: Draft = field(default_factory=Draft)
    """Of the sound."""
    memo: Memo = field(default_factory=Memo)
    """Shared with the other songs."""
    heard: Event | None = None
    """The last sound that was written."""
    told: tuple[Diagnostic, ...] = ()
    unwritten: tuple[Job, Diagnostic] | None = None
    """Sound that could not be written, and why: it is tried again."""

    @property
    def ledger(self) -> Path:
        """Where its ledger stands."""
        return ledger.place(self.out, self.name, Wishes().way)

    def __post_init__(self) -> None:
        self.trace = Trace(self.spec, memo=self.memo)

    def write(
        self, outputs: Mapping[str, bytes | memoryview], drafts: Mapping[str, Draft] = writing.NOTHING
    ) -> Diagnostic | None:
        """Replaces files of the song; waits a little when another run is writing the same."""
        with self.one_writer:
            for attempt in range(20):
                try:
                    with writing.claim(self.out, self.name):
                        return writing.replace_all(self.out, self.name, outputs, drafts)
                except writing.Busy:
                    time.sleep(0.1 if attempt < 19 else 0.0)
                except OSError as error:
                    return writing.unwritten(error, self.out)
        return Diagnostic("busy", f"another run is writing {self.out / self.name}.*")


class Job(Struct, frozen=True):
    """A version waiting to become sound."""

    song: Song
    music: Music
    noticed: float
    old: threading.Event
    """Set when a newer version has come."""
    told: threading.Event
    """Set when its notes have been told of: nothing is told of its sound before."""
    done: threading.Event
    """Set when its sound is in its place, or will not be."""


class Sounds(threading.Thread):
    """Turns versions into WAV files, one at a time; of each song only the newest."""

    def __init__(self, listen: Listen) -> None:
        super().__init__(name="scorekit-sounds", daemon=True)
        self.listen = listen
        self._waiting: dict[str, Job] = {}
        self._now: Job | None = None
        self._over = False
        self._change = threading.Condition()

    def want(self, job: Job) -> None:
        """The sound of a version is wanted; what is at work on an older one gives up."""
        with self._change:
            if self._now and self._now.song is job.song:
                self._now.old.set()
            self._waiting[job.song.spec] = job
            self._change.notify_all()

    def idle(self, timeout: float) -> bool:
        """Waits until nothing is left to do; False when that takes longer."""
        with self._change:
            return self._change.wait_for(lambda: not self._waiting and self._now is None, timeout)

    def close(self) -> None:
        """Gives up and ends the thread."""
        with self._change:
            self._over = True
            self._waiting.clear()
            if self._now:
                self._now.old.set()
            self._change.notify_all()
        if self.is_alive():
            self.join(10.0)

    def run(self) -> None:
        from scorekit.booth import Superseded

        early: Event | None
        while (job := self._next()) is not None:
            try:
                if (early := opened(job)) is not None:
                    job.done.set()
                    job.told.wait()
                    self.listen(early)
                event = sounded(job, early is not None)
            except Superseded:
                event = Event("dropped", job.song.name, time.time())
            except Exception as error:  # a bug must not end the watch
                event = Event("trouble", job.song.name, time.time(), words=f"{type(error).__name__}: {error}")
            job.done.set()
            job.told.wait()
            self.listen(event)
            job.song.draft.let_go()
            if event.heard and not self._waiting:
                job.song.draft.take(job.song.out, event.heard.wav)
            if event.heard and sum(b - a for a, b in event.heard.changed) > event.heard.desk.n // 2:
                trimmed()
            del event  # it holds all that was heard
            with self._change:
                self._now = None
                self._change.notify_all()

    def _next(self) -> Job | None:
        with self._change:
            self._change.wait_for(lambda: self._over or bool(self._waiting))
            if self._over:
                return None
            self._now = self._waiting.pop(next(iter(self._waiting)))
            return self._now


def opened(job: Job) -> Event | None:
    """The first version of a song as a WAV file in its place, by what the last render or watch left; None when that is of no
    use."""
    song, performance = job.song, job.music.performance
    if not job.music.first:
        return None
    last = ledger.read(song.ledger)
    path = song.out / f"{song.name}.wav"
    if last.plan != fingerprint(job.music.plan) or not last.whole(song.out):
        told = {inner: digest for inner, _, digest in last.files}.get(path.name, b"")
        if not last.sound or not told:
            return None
        from scorekit.render.voices import Bodies
        from scorekit.renewal import Renewal, TooMuch
        from scorekit.shelf import Shelf
        from scorekit.workshop import Workshop

        hands = Renewal(Workshop(1), last.sound, path, told, or_else=True)
        try:
            heard = pipeline.audio(performance, sounding=pipeline.Sounding(hands=hands, bodies=Bodies(keeper=Shelf())))
        except TooMuch:
            return None
        if song.write({path.name: heard.wav}, hands.drafts(path.name)):
            return None
    ms = 1000 * (time.monotonic() - job.noticed)
    return Event("wav", song.name, time.time(), ms, job.music, files=(str(path),))


def sounded(job: Job, there: bool = False) -> Event:
    """A version as a WAV file in its place, unless that is ``there`` already."""
    song = job.song
    song.heard, before, song.unwritten = None, song.unwritten, None  # heard holds the bodies of the last version
    heard = song.rehearsal.sound(job.music.performance, job.old.is_set)
    if there:
        song.heard = Event("ready", song.name, time.time(), 0.0, job.music, heard)
        return song.heard
    song.draft.changed = heard.rewritten
    if hasattr(os, "memfd_create"):  # elsewhere what is open cannot be replaced
        song.draft.hold(song.out / f"{song.name}.wav")
    try:
        trouble = song.write({f"{song.name}.wav": heard.wav}, {f"{song.name}.wav": song.draft})
    finally:
        song.draft.drop()
    ms = 1000 * (time.monotonic() - job.noticed)
    if trouble:
        song.unwritten = (job, trouble)
        known = before is not None and (before[0].music, before[1]) == (job.music, trouble)
        return Event("dropped" if known else "trouble", song.name, time.time(), ms, diagnostics=(trouble,))
    path = str(song.out / f"{song.name}.wav")
    song.heard = Event("wav", song.name, time.time(), ms, job.music, heard, files=(path,))
    return song.heard


def leave(song: Song, wishes: Wishes) -> None:
    """Leaves a ledger for the next render or watch, when the newest version is sound."""
    music, event, remix = song.rehearsal.last, song.heard, song.rehearsal.remix
    if music is None or event is None or event.music is not music or event.heard is None or remix is None:
        return
    if song.broken or isinstance(song.trace.text, Diagnostic) or not (sound := remix.left()):
        return
    desk = event.heard.desk
    made = ledger.made_of(song.trace.text, song.spec, wishes, song.trace.asked)
    heard = {"lufs": round(desk.lufs, 2), "peak": round(desk.peak, 2), "seconds": round(desk.n / SAMPLE_RATE, 3)}
    now = ledger.Ledger(tuple(song.trace.asked), made, fingerprint(music.plan), ledger.told(song.told))
    now = replace(now, sections=pipeline.known(music.performance), sound=sound)
    hashes = ledger.Hashes({f"{song.name}.mid": music.midi, f"{song.name}.wav": event.heard.wav})
    ledger.write(song.ledger, now.ended({**report.card(music.plan), **heard}, hashes))
