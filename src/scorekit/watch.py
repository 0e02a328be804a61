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
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from scorekit import files, writing
from scorekit.errors import Diagnostic
from scorekit.mate import Mate
from scorekit.memory import keep_memory
from scorekit.notices import Notices
from scorekit.rehearsal import Rehearsal
from scorekit.songs import Wishes
from scorekit.sounds import Event, Job, Listen, Song, Sounds, leave
from scorekit.store import Memo
from scorekit.trace import Answers

if TYPE_CHECKING:
    from scorekit.compiler.compile import Compiled

RESCAN = 1.0
"""Seconds between looks without a notice."""
SETTLE = 0.1
"""Seconds after which a file that looks broken is read once more, for it may have been read half written."""
SOON = 0.1
"""Seconds for which what is told of notes gives way to their sound: two threads that reckon would stand in each other's way."""
_GLANCE = 0.01
"""Seconds between glances at whether there is something newer meanwhile."""
AWAY = 2.0
"""Seconds for which a file may be away before it is said to be gone."""


class Watch:
    """All songs under watch. ``look`` is one look at the disk; ``run`` looks for ever.

    The first look raises writing.Busy when another watch writes the same outputs, OSError when nobody can.
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
        self._untold: tuple[Job, Event] | None = None

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
                self._tell()
                self._play(song, now, began)
            elif song.unwritten is not None and self.sounds.idle(0.0):
                self.sounds.want(replace(song.unwritten[0], old=threading.Event()))
            elif song.trace.touched() and noticed:
                self.listen(Event("same", song.name, time.time(), words="saved without a change"))
        watched = {str(Path(path).absolute()) for path, folder in self.paths.items() if folder}
        self.notices.follow(watched.union(*(song.trace.folders() for song in self.songs.values())))
        self._tell(SOON)

    def _tell(self, patience: float = 0.0) -> None:
        """The notes of the last version are told of, if they were not: as soon as it sounds, or something newer is there, or
        after some seconds of patience."""
        if self._untold is None:
            return
        (job, event), self._untold = self._untold, None
        try:
            end = time.monotonic() + patience
            while time.monotonic() < end and not self.wake.is_set() and not job.done.wait(_GLANCE):
                pass
            self.listen(event)
        finally:
            job.told.set()

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
            self._claims.enter_context(writing.claim(self.out, f"{song.name}.watch"))
        except writing.Busy:
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
            self.listen(Event("same", song.name, time.time(), words=words, standing=compiled.diagnostics))
            return
        if not (self.out / f".{song.name}.watch.lock").exists():  # deleted with its folder: to be had again
            with suppress(writing.Busy, OSError):
                self._claims.enter_context(writing.claim(self.out, f"{song.name}.watch"))
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
        job = Job(song, music, began, threading.Event(), threading.Event(), threading.Event())
        told = Event("midi", song.name, time.time(), ms, music, files=(path,), diagnostics=news, standing=song.told)
        self._untold = job, told
        if self.sound:
            self.sounds.want(job)
        else:
            self._tell()


def kept(song: Song) -> str:
    """What there is of a song that cannot be played now."""
    there = (song.out / f"{song.name}.mid").exists()
    return "the last good files stay" if there else "there are no files of it yet"
