"""What takes long to load: loaded without what nobody needs, or while another process works.

The libraries of values and numbers load much that only readers of their help look at, or that is for values no song has: more
than half as much again as what they need. ``_LEFT_OUT`` lists it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


def tables() -> None:
    """Loads what values and files are made of."""
    _load("pathlib", "msgspec.structs")


def compiled() -> None:
    """Loads what understands songs."""
    _load("scorekit.compiler.compile")


def composed() -> None:
    """Loads what composes: before a process is forked that composes too, lest both load it."""
    _load("scorekit.ensemble.band", "scorekit.ensemble.conflicts.reconcile", "scorekit.ensemble.conflicts.settle")


def played() -> None:
    """Loads what plays what is composed."""
    _load("numpy", "scorekit.ensemble.performance", "scorekit.render.midi")


def sound(again: bool = True) -> None:
    """Loads what makes music heard, and with that what every sound begins with: NumPy's dice, a table of sines, grit; what is
    heard ``again`` needs more."""
    _load("numpy", "numpy.fft", "scorekit.render.delivery", "scorekit.render.mix", "scorekit.render.patches")
    _load("scorekit.workshop")
    if again:
        _load("scorekit.renewal", "scorekit.shelf")
    from scorekit.render import dsp
    from scorekit.render.patches.sources import grit

    dsp.sine(grit()[:1])


# -- what is left out ---------------------------------------------------------------------------------------------------


class _Nothing:
    """A kind of value of which there are none."""

    unknown = None


def _random_bits(count: int) -> int:
    """Bits nobody can foretell, whole bytes of them."""
    return int.from_bytes(os.urandom(count // 8))


def _dates() -> dict[str, dict[str, object]]:
    """What ``datetime`` takes from C, in the end all there is of it; nothing where it is not written in C."""
    try:
        known = vars(import_module("_datetime"))
    except ImportError:
        return {}
    return {"datetime": {name: value for name, value in known.items() if not name.startswith("__")}}


_LETTERS, _DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"


def _quoted(text: bytes) -> str:
    """A path as it stands in an address."""
    from urllib.parse import quote_from_bytes

    return quote_from_bytes(text)


def _algebra(name: str) -> Callable[..., Any]:
    """What NumPy has of linear algebra by some name, loaded by who first asks it something."""
    return lambda *given, **told: getattr(import_module("numpy.linalg"), name)(*given, **told)


_LEFT_OUT: Mapping[str, Mapping[str, object] | None] = {
    # msgspec: it takes from ``typing`` what it does not find here, and then needs neither ``inspect`` nor ``ast`` (4 ms)
    "typing_extensions": None,
    # dates: they are all written a second time in Python (2 ms)
    **_dates(),
    # tomllib: letters, and texts with places to be filled in (1 ms)
    "string": {
        "ascii_letters": _LETTERS + _LETTERS.upper(),
        "digits": _DIGITS,
        "hexdigits": f"{_DIGITS}abcdefABCDEF",
    },
    # pathlib: addresses of files (3 ms)
    "urllib.parse": {"quote_from_bytes": _quoted},
    # kinds of values, and of files, that no song has (5 ms)
    "uuid": {"UUID": _Nothing, "SafeUUID": _Nothing},
    "decimal": {"Decimal": _Nothing},
    "msgspec.inspect": {},
    "msgspec.json": {},
    # NumPy: texts and signatures of its functions, for readers (25 ms)
    "numpy._core._add_newdocs": {},
    "numpy._core._add_newdocs_scalars": {},
    "inspect": {"cleandoc": str, "signature": lambda function: None},
    # names of types, for annotations (15 ms)
    "numpy._typing": {"ArrayLike": list, "NDArray": list},
    "numpy.typing": {"ArrayLike": list, "NDArray": list},
    # linear algebra, for roots of polynomials and for matrices (4 ms)
    "numpy.linalg": {name: _algebra(name) for name in ("eigvals", "inv", "lstsq", "matrix_power")},
    # OpenSSL, for dice that are thrown by name here (4 ms)
    "secrets": {"randbits": _random_bits},
    # for functions that nobody calls (4 ms)
    "ast": {},
    "platform": {},
    "textwrap": {},
}
"""Modules, and what is taken from each without being used; None: there is no such module. In brackets what they would take of
the 115 ms of processor in which all is loaded."""


def _load(*names: str) -> None:
    """Loads modules without what is left out; where that fails, as they are."""
    for name in names:
        try:
            with _without(_LEFT_OUT):
                import_module(name)
        except Exception:
            import_module(name)


@contextmanager
def _without(left_out: Mapping[str, Mapping[str, object] | None]) -> Iterator[None]:
    """Meanwhile others stand in for modules that are not there yet. Who has one of them still finds in it afterwards what the
    true module has."""
    modules: dict[str, Any] = sys.modules
    absent = {name: known for name, known in left_out.items() if name not in modules}
    mine = {name: None if known is None else _stand_in(name, **known) for name, known in absent.items()}
    modules.update(mine)
    try:
        yield
    finally:
        for name, other in mine.items():
            for known in absent[name] or ():
                vars(other).pop(known, None)
            if modules.get(name, mine) is other:
                del modules[name]


def _stand_in(name: str, **known: object) -> ModuleType:
    """A module of which little is known: who asks for more gets the true one's."""

    def asked(attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        if sys.modules.get(name) is module:
            del sys.modules[name]
        return getattr(import_module(name), attribute)

    module = ModuleType(name)
    vars(module).update(known, __getattr__=asked)
    return module
