"""Notices of the file system: that something changed in some folders, never what."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from contextlib import suppress

STEP_MS = 1
"""How long the file system has to be quiet before it is looked at: the watcher's own delay. A save that is not over yet
looks broken, and is read again; or it looks whole, and what follows is another save."""
BURST_MS = 10
"""The longest burst that is waited for."""


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
