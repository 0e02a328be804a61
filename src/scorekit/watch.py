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
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorekit import diff, files, report
from scorekit.draft import Draft
from scorekit.errors import Diagnostic
from scorekit.rehearsal import Music, Rehearsal
from scorekit.store import Memo
from scorekit.trace import Answers, Trace

if TYPE_CHECKING:
    from scorekit.compiler.compile import Compiled
    from scorekit.remix import Heard

STEP_MS = 1
"""How long the file system has to be quiet before it is looked at: the watcher's own delay. A save that is not over yet
looks broken, and is read again; or it looks whole, and what follows is another save."""
BURST_MS = 10
"""The longest burst that is waited for."""
RESCAN = 1.0
"""Seconds between looks without a notice."""
SETTLE = 0.1
"""Seconds after which a file that looks broken is read once more, for it may have been read half written."""
AWAY = 2.0
"""Seconds for which a file may be away before it is said to be gone."""


@dataclass(frozen=True, eq=False)
class Event:
    """Something happened to a song: midi, wav, same, mistake, gone, dropped (its sound was given up), trouble."""

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


# -- notices -----------------------------------------------------------------------------------------------------------


class Notices(threading.Thread):
    """Sets an event when something in the folders changes. It never says what: that is found by asking."""

    def __init__(self, wake: threading.Event) -> None:
        super().__init__(name="scorekit-notices", daemon=True)
        self.wake = wake
        self.folders: frozenset[str] = frozenset()
        self._again, self._over = threading.Event(), threading.Event()

    def follow(self, folders: Iterable[str]) -> None:
        """From now on these folders are watched, those that exist; a folder that was recreated is watched anew."""
        wanted = frozenset(folders)
        if wanted != self.folders:
            self.folders = wanted
            self._again.set()

    def close(self) -> None:
        """Ends the thread."""
        self._over.set()
        self._again.set()
        self.join(2.0)

    def run(self) -> None:
        while not self._over.is_set():
            self._again.clear()
            here = identities(self.folders)
            try:
                self._watch(here)
            except Exception:  # an overflow, a name that is no text, a folder just gone: look, and begin again
                self.wake.set()
                self._over.wait(0.1)

    def _watch(self, here: dict[str, tuple[int, int]]) -> None:
        import watchfiles

        if not here:
            self._again.wait(0.2)
            return
        changes = watchfiles.watch(
            *here, recursive=False, watch_filter=worth_a_look, step=STEP_MS, debounce=BURST_MS, rust_timeout=500,
            yield_on_timeout=True, stop_event=self._again, raise_interrupt=False, ignore_permission_denied=True,
        )  # fmt: skip
        for found in changes:
            if found:
                self.wake.set()
            if identities(self.folders) != here:
                self.wake.set()
                return


def identities(folders: Iterable[str]) -> dict[str, tuple[int, int]]:
    """The folders that exist, each with what tells it from another one of the same name."""
    found = {}
    for folder in sorted(folders):
        with suppress(OSError):
            status = os.stat(folder)
            found[folder] = (status.st_dev, status.st_ino)
    return found


def worth_a_look(change: object, path: str) -> bool:
    """Whether a path that changed may be a song, a genre, a model, a tune, or a folder of them."""
    return os.path.splitext(path)[1].lower() in ("", ".toml", ".mid", ".midi")


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
                    return Diagnostic("file", f"{error.filename or self.out} cannot be written: {files.reason(error)}")
        return Diagnostic("busy", f"another run is writing {self.out / self.name}.*")


@dataclass(frozen=True)
class Job:
    """A version waiting to become sound."""

    song: Song
    music: Music
    noticed: float
    old: threading.Event = field(default_factory=threading.Event)


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
        from scorekit.remix import Superseded

        while (job := self._next()) is not None:
            try:
                event = sounded(job)
            except Superseded:
                event = Event("dropped", job.song.name, time.time())
            except Exception as error:  # a bug must not end the watch
                event = Event("trouble", job.song.name, time.time(), words=f"{type(error).__name__}: {error}")
            self.listen(event)
            if event.heard and not self._waiting:
                job.song.draft.take(job.song.out, event.heard.wav)
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


def sounded(job: Job) -> Event:
    """A version as a WAV file in its place."""
    song = job.song
    heard = song.rehearsal.sound(job.music.performance, job.old.is_set)
    song.draft.changed = heard.rewritten
    try:
        trouble = song.write({f"{song.name}.wav": heard.wav}, {f"{song.name}.wav": song.draft})
    finally:
        song.draft.drop()
    ms = 1000 * (time.monotonic() - job.noticed)
    if trouble:
        return Event("trouble", song.name, time.time(), ms, diagnostics=(trouble,))
    path = str(song.out / f"{song.name}.wav")
    return Event("wav", song.name, time.time(), ms, job.music, heard, files=(path,))


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
        self._claims = ExitStack()
        self._refused: set[str] = set()

    def __enter__(self) -> Watch:
        self.sounds.start()
        self.notices.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.notices.close()
        self.sounds.close()
        for song in self.songs.values():
            song.draft.drop()
        self._claims.close()

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
        song = Song(spec, files.slug(Path(spec).stem), self.out, memo=self.memo)
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
        if (why,) != song.broken and (time.monotonic() - song.away_since >= AWAY or song.rehearsal.last is None):
            song.broken = (why,)
            self.listen(Event("gone", song.name, time.time(), diagnostics=song.broken))

    def _refuse(self, song: Song, diagnostics: tuple[Diagnostic, ...]) -> None:
        if diagnostics != song.broken:
            song.broken = diagnostics
            self.listen(Event("mistake", song.name, time.time(), diagnostics=diagnostics))

    def _render(self, song: Song, compiled: Compiled, began: float) -> None:
        assert compiled.plan is not None
        before, was_broken = song.rehearsal.last, song.broken
        music = song.rehearsal.music(compiled.plan)
        if music is None:
            song.broken = ()
            words = "mended, and as it was" if was_broken else "no note and no sound changed"
            self.listen(Event("same", song.name, time.time(), words=words))
            return
        trouble = song.write({f"{song.name}.mid": music.midi})
        ms = 1000 * (time.monotonic() - began)
        if trouble:
            song.rehearsal.last, song.trace.text = before, ""  # to be tried again with the next look
            song.broken = (trouble,)
            if song.broken != was_broken:
                self.listen(Event("trouble", song.name, time.time(), ms, diagnostics=(trouble,)))
            return
        song.broken = ()
        path = str(song.out / f"{song.name}.mid")
        self.listen(Event("midi", song.name, time.time(), ms, music, diagnostics=compiled.diagnostics, files=(path,)))
        if self.sound:
            self.sounds.want(Job(song, music, began))


def changes_told(music: Music) -> str:
    """What changed, or what the song is when it is played for the first time."""
    if not music.first:
        return diff.summary(music.changes, diff.ids(music.plan))
    card = report.card(music.plan)
    return f"{card['genre']}, {card['key']}, {diff.tempo(music.plan)}, {card['seconds']:.1f} s"
