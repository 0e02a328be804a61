"""Watch mode: a song is rendered again as soon as it, or anything it was made of, is saved.

What a song was made of is known by the questions its compilation asked (which genre, which model, which song it
extends) and the answers it got. Asked again, they say whether the song is stale, whatever way an editor has of saving,
whatever a link leads to. Notices of the file system only say that it is time to ask; once a second it is asked without.

The music is made in this thread and its MIDI file replaced at once; the sound follows in a second thread, which gives
up when a newer version is there. A mistake changes nothing on disk.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from scorekit import files, ledger, pipeline, report
from scorekit.draft import Draft
from scorekit.errors import Diagnostic
from scorekit.mate import Mate
from scorekit.memory import keep_memory, trimmed
from scorekit.notices import Notices
from scorekit.rehearsal import Music, Rehearsal
from scorekit.songs import Wishes
from scorekit.store import Memo, fingerprint
from scorekit.timebase import SAMPLE_RATE
from scorekit.trace import Answers, Trace

if TYPE_CHECKING:
    from scorekit.compiler.compile import Compiled
    from scorekit.remix import Heard

RESCAN = 1.0
"""Seconds between looks without a notice."""
SETTLE = 0.1
"""Seconds after which a file that looks broken is read once more, for it may have been read half written."""
AWAY = 2.0
"""Seconds for which a file may be away before it is said to be gone."""


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


# -- one song ----------------------------------------------------------------------------------------------------------


@dataclass
class Song:
    """A song under watch: what it was last made of, and everything remembered of it."""

    spec: str
    name: str
    out: Path
    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    trace: Trace = field(init=False)
    writing: threading.Lock = field(default_factory=threading.Lock)
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
        self, outputs: Mapping[str, bytes | memoryview], drafts: Mapping[str, Draft] = files.NOTHING
    ) -> Diagnostic | None:
        """Replaces files of the song; waits a little when another run is writing the same."""
        with self.writing:
            for attempt in range(20):
                try:
                    with files.claim(self.out, self.name):
                        return files.replace_all(self.out, self.name, outputs, drafts)
                except files.Busy:
                    time.sleep(0.1 if attempt < 19 else 0.0)
                except OSError as error:
                    return files.unwritten(error, self.out)
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
                    job.told.wait()
                    self.listen(early)
                event = sounded(job, early is not None)
            except Superseded:
                event = Event("dropped", job.song.name, time.time())
            except Exception as error:  # a bug must not end the watch
                event = Event("trouble", job.song.name, time.time(), words=f"{type(error).__name__}: {error}")
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


# -- the watch ---------------------------------------------------------------------------------------------------------


class Watch:
    """All songs under watch. ``look`` is one look at the disk; ``run`` looks for ever.

    The first look raises files.Busy when another watch writes the same outputs, OSError when nobody can.
    """

    def __init__(
        self, paths: Sequence[str], out: Path, listen: Listen, *, settings: Sequence[str] = (), seed: int | None = None,
        sound: bool = True,
    ) -> None:  # fmt: skip
        self.paths = {path: os.path.isdir(path) for path in paths}
        """What to watch, and whether it is a folder."""
        self.out, self.settings, self.seed = out, settings, seed
        self.listen, self.sound = listen, sound
        self.songs: dict[str, Song] = {}
        self.wake = threading.Event()
        self.notices = Notices(self.wake)
        self.sounds = Sounds(listen)
        self.memo = Memo()
        self.mate: Mate | None = None
        self._claims = ExitStack()
        self._refused: set[str] = set()

    def __enter__(self) -> Watch:
        keep_memory()
        self.mate = Mate.found() if self.sound else None  # while there are no threads
        self.sounds.start()
        self.notices.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.notices.close()
        self.sounds.close()
        for song in self.songs.values():
            song.draft.drop()
            song.draft.let_go()
            leave(song, Wishes(self.seed, tuple(self.settings), self.out))
        self._claims.close()
        if self.mate is not None:
            self.mate.close()

    def run(self) -> None:
        """Looks whenever there is a notice, and every second; never returns."""
        noticed = False
        while True:
            self.look(noticed)
            noticed = self.wake.wait(RESCAN)

    def look(self, noticed: bool = False) -> None:
        """One look: every stale song is played again."""
        self.wake.clear()
        began, now = time.monotonic(), Answers()
        for spec in self._specs():
            song = self.songs.get(spec) or self._join(spec)
            if song is None:
                continue
            if song.trace.stale(now) or song.away_since:
                self._play(song, now, began)
            elif song.unwritten is not None and self.sounds.idle(0.0):
                self.sounds.want(replace(song.unwritten[0], old=threading.Event()))
            elif song.trace.touched() and noticed:
                self.listen(Event("same", song.name, time.time(), words="saved without a change"))
        watched = {str(Path(path).absolute()) for path, folder in self.paths.items() if folder}
        self.notices.follow(watched.union(*(song.trace.folders() for song in self.songs.values())))

    def _specs(self) -> list[str]:
        """The songs of the command line, and those that were there before."""
        there = [path for path, folder in self.paths.items() if not folder or os.path.isdir(path)]
        found = files.songs(there)
        known = [] if isinstance(found, Diagnostic) else found
        return [spec for spec in dict.fromkeys([*known, *self.songs]) if spec not in self._refused]

    def _join(self, spec: str) -> Song | None:
        """A song that is new to the watch; its output belongs to this watch from now on."""
        song = Song(spec, files.slug(Path(spec).stem), self.out, Rehearsal(self.mate), memo=self.memo)
        try:
            self._claims.enter_context(files.claim(self.out, f"{song.name}.watch"))
        except files.Busy:
            if not self.songs:
                raise
            self._refused.add(spec)
            self.listen(Event("trouble", song.name, time.time(), words=f"{spec} would write what another song writes"))
            return None
        self.songs[spec] = song
        return song

    def _play(self, song: Song, now: Answers, began: float) -> None:
        compiled = song.trace.compile(now, self.settings, self.seed)
        for _ in range(3):
            if not isinstance(compiled, Diagnostic) and compiled.plan is not None:
                break
            time.sleep(SETTLE)  # it may have been read half written
            again = Answers()
            if not song.trace.stale(again):
                break
            compiled = song.trace.compile(again, self.settings, self.seed)
        song.trace.touched()
        if isinstance(compiled, Diagnostic):
            self._away(song, compiled)
        elif compiled.plan is None:
            song.away_since = 0.0
            self._refuse(song, compiled.diagnostics)
        else:
            song.away_since = 0.0
            self._render(song, compiled, began)

    def _away(self, song: Song, why: Diagnostic) -> None:
        """A file that cannot be read may come back in a moment; when it does not, that is said once."""
        song.away_since = song.away_since or time.monotonic()
        said = [mistake.message for mistake in song.broken]  # its hint names neighbours, which come and go
        if [why.message] != said and (time.monotonic() - song.away_since >= AWAY or song.rehearsal.last is None):
            song.broken = (why,)
            words = f"cannot be read; {kept(song)}"
            self.listen(Event("gone", song.name, time.time(), diagnostics=song.broken, words=words))

    def _refuse(self, song: Song, diagnostics: tuple[Diagnostic, ...]) -> None:
        if diagnostics != song.broken:
            song.broken = diagnostics
            self.listen(Event("mistake", song.name, time.time(), diagnostics=diagnostics, words=kept(song)))

    def _render(self, song: Song, compiled: Compiled, began: float) -> None:
        assert compiled.plan is not None
        before, was_broken = song.rehearsal.last, song.broken
        music = song.rehearsal.music(compiled.plan)
        if music is None:
            song.broken = ()
            words = "mended, and as it was" if was_broken else "no note and no sound changed"
            self.listen(Event("same", song.name, time.time(), words=words))
            return
        if not (self.out / f".{song.name}.watch.lock").exists():  # deleted with its folder: to be had again
            with suppress(files.Busy, OSError):
                self._claims.enter_context(files.claim(self.out, f"{song.name}.watch"))
        trouble = song.write({f"{song.name}.mid": music.midi})
        ms = 1000 * (time.monotonic() - began)
        if trouble:
            song.rehearsal.last, song.trace.text = before, ""  # to be tried again with the next look
            song.broken = (trouble,)
            if song.broken != was_broken:
                self.listen(Event("trouble", song.name, time.time(), ms, diagnostics=(trouble,)))
            return
        news = tuple(warning for warning in compiled.diagnostics if warning not in song.told)
        song.broken, song.told = (), compiled.diagnostics
        path = str(song.out / f"{song.name}.mid")
        job = Job(song, music, began, threading.Event(), threading.Event())
        if self.sound:
            self.sounds.want(job)
        try:
            told = Event("midi", song.name, time.time(), ms, music, diagnostics=news, files=(path,))
            self.listen(told)
        finally:
            job.told.set()


def kept(song: Song) -> str:
    """What there is of a song that cannot be played now."""
    there = (song.out / f"{song.name}.mid").exists()
    return "the last good files stay" if there else "there are no files of it yet"
