"""What the page is told: the newest version of every song under watch, its sound, and what is wrong with it."""

from __future__ import annotations

import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scorekit import report
from scorekit.errors import Diagnostic
from scorekit.server import view
from scorekit.server.web import Server

if TYPE_CHECKING:
    from scorekit.rehearsal import Music
    from scorekit.score import Score
    from scorekit.sounds import Event

STORY = 12
"""How many of the last events a song tells."""


@dataclass(eq=False)
class Shown:
    """A song as the page has it."""

    name: str
    version: int = 0
    music: Music | None = None
    before: Score | None = None
    sound: view.Sound | None = None
    heard: int = 0
    """The version that is sound."""
    wrong: tuple[Diagnostic, ...] = ()
    """What is wrong with its text; where that is warnings alone, it is played all the same."""
    gone: bool = False
    """Whether its file is not there any more."""
    story: list[dict[str, Any]] = field(default_factory=list)
    page: tuple[int, bytes] = (0, b"")

    def news(self) -> dict[str, Any]:
        """What the page is told at once; the rest it asks for."""
        wrong = [report.mistake(d) | {"text": d.render()} for d in self.wrong]
        return {"song": self.name, "version": self.version, "heard": self.heard, "wrong": wrong, "story": self.story,
                "gone": self.gone, "frames": self.sound.frames if self.sound else 0}  # fmt: skip


class Player:
    """Listens to a watch, and serves the page."""

    def __init__(self, port: int) -> None:
        self.boot = secrets.token_hex(4)
        self.songs: dict[str, Shown] = {}
        self.seq = 0
        self._change = threading.Condition()
        self.server = Server(port, self)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"

    def start(self) -> None:
        """Serves in threads of its own, until the process ends."""
        threading.Thread(target=self.server.serve_forever, name="scorekit-page", daemon=True).start()

    def close(self) -> None:
        """Serves no more."""
        self.server.shutdown()
        self.server.server_close()

    # -- from the watch

    def hear(self, event: Event) -> None:
        """An event of the watch, from whichever thread."""
        with self._change:
            shown = self.songs.setdefault(event.song, Shown(event.song))
            if event.kind == "midi" and event.music is not None:
                shown.before = shown.music.score if shown.music else None
                shown.version, shown.music, shown.wrong = shown.version + 1, event.music, event.standing
            elif event.kind in ("wav", "ready") and event.heard is not None and event.music is not None:
                sounded(shown, event)
            elif event.kind in ("mistake", "gone", "trouble"):
                shown.wrong = event.diagnostics or (Diagnostic("trouble", event.words),)
            elif event.kind == "same":
                shown.wrong = event.standing
            if event.kind not in ("dropped", "ready", "wav"):
                shown.gone = event.kind == "gone"
            if event.kind not in ("dropped", "ready"):
                shown.story = [told(event), *shown.story][:STORY]
            self.seq += 1
            self._change.notify_all()

    # -- for the page

    def news(self, seen: int, timeout: float) -> tuple[int, str] | None:
        """What is new since a number, as soon as there is something; None when there is not."""
        with self._change:
            if not self._change.wait_for(lambda: self.seq > seen, timeout):
                return None
            return self.seq, json.dumps({"boot": self.boot, "songs": [shown.news() for shown in self.songs.values()]})

    def page(self, name: str) -> bytes | None:
        """The newest version of a song as JSON."""
        with self._change:
            shown = self.songs.get(name)
            if shown is None or shown.music is None:
                return None
            version, music, before = shown.version, shown.music, shown.before
            if shown.page[0] == version:
                return shown.page[1]
        data = view.song(music.performance, music.score, music.changes, before) | {"song": name, "version": version}
        made = json.dumps(data, separators=(",", ":")).encode()
        shown.page = (version, made)
        return made

    def sound(self, name: str, version: int | None = None) -> view.Sound | None:
        """The newest sound of a song; None when it is not of the version asked for."""
        with self._change:
            shown = self.songs.get(name)
            return shown.sound if shown and version in (None, shown.heard) else None


def sounded(shown: Shown, event: Event) -> None:
    """A version has become sound."""
    assert event.heard is not None
    assert event.music is not None
    desk = event.heard.desk
    names = tuple(part.name for part in event.music.plan.parts)
    shown.sound = view.Sound(bytes(event.heard.wav), desk.console, desk.gains, names)
    shown.heard = shown.version if event.music is shown.music else shown.version - 1


def told(event: Event) -> dict[str, Any]:
    """An event for the story beside the roll."""
    words = event.words
    if event.kind == "midi" and event.music is not None:
        words = event.music.words
    elif event.diagnostics:
        words = event.diagnostics[0].message
    clock = time.strftime("%H:%M:%S", time.localtime(event.at))
    return {"kind": event.kind, "clock": clock, "words": words, "ms": round(event.ms)}
