"""The process: how the ``scorekit`` command begins, is stopped, and ends.

Exit codes: 0 fine, 1 input or environment refused, 2 usage, 3 some of several failed, 4 busy, 130 and 143 stopped,
70 a bug in scorekit.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

REFUSED, BUG = 1, 70


class Stopped(BaseException):
    """Asked to stop by a signal. No Exception, so that nothing on the way takes it for a mistake."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main() -> None:
    """What the ``scorekit`` command runs."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) != signal.SIG_IGN:  # a job in the background of a shell is not to hear Ctrl-C
                signal.signal(number, _stop)
        code = _begun()
    except Stopped as stopped:  # before or after all that is done to a song
        code = _said(stopped)
    os._exit(code)  # all is said and written: to take apart what a song was made of is the system's business, at once


def _begun() -> int:
    """The command line that was given, run in a process made ready for it: its exit code, when all is said."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    gc.set_threshold(
        200_000
    )  # a song is many small values that live until it is done: looking through them finds nothing
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no sum here goes through it, and its threads start slowly
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # no plugin has a say in what a song means
    from scorekit.loading import tables

    tables()
    code = run(sys.argv[1:])
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    from scorekit.aside import alone

    alone()
    return code


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # the second Ctrl-C must not break the tidying up after the first
    raise Stopped(number)


def run(arguments: Sequence[str]) -> int:
    """Runs a command line and returns its exit code; says so when something unforeseen happens."""
    try:
        code = _command(arguments)
        sys.stdout.flush()
        return code
    except Stopped as stopped:
        return _said(stopped)
    except OSError as error:
        _last_words(f"error: {error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        return REFUSED
    except Exception as error:
        from scorekit.report import Voice

        Voice(verbose=any(word in ("-v", "--verbose") for word in arguments)).bug(error)
        return BUG


def _command(arguments: Sequence[str]) -> int:
    from scorekit.plain import run as understood

    code = understood(arguments)
    if code is not None:
        return code
    from scorekit.cli import app

    try:
        app(args=list(arguments), prog_name="scorekit")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _said(stopped: Stopped) -> int:
    """Says that the command was stopped: the exit code."""
    _last_words("stopped, nothing was left half written")
    return 128 + stopped.number


def _last_words(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"\n{text}\n" if sys.stderr.isatty() else f"{text}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    main()
