"""What takes long to load: loaded without what nobody needs, or while another process works.

Libraries load much that only readers of their help look at. Where that can be told, something else stands in for it
meanwhile, and whoever asks for more than is known of it gets the true one's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


def tables() -> None:
    """Loads what values are made of, without ``typing_extensions``, of which it takes what ``typing`` has since Python 3.11: with
    that come ``inspect``, ``ast`` and eight more, a tenth of a check. And without kinds of values that no song has, what
    describes values to others, and what makes addresses of paths."""
    kinds = [_stand_in("uuid", UUID=_Nothing, SafeUUID=_Nothing), _stand_in("decimal", Decimal=_Nothing)]
    parts = [_stand_in(f"msgspec.{name}") for name in ("inspect", "json", "msgpack", "toml", "yaml")]
    parts = [*kinds, *parts, _stand_in("urllib.parse", quote_from_bytes=_quoted)]
    others: dict[str, ModuleType | None] = {one.__name__: one for one in parts}
    try:
        with _instead({"typing_extensions": None, **others}):  # not to be had: msgspec asks ``typing`` then
            import pathlib  # noqa: F401

            import msgspec.structs
    except Exception:
        import msgspec.structs  # noqa: F401


class _Nothing:
    """A kind of value of which there are none."""

    unknown = None


def _quoted(data: bytes) -> str:
    """A path as part of an address."""
    from urllib.parse import quote_from_bytes

    return quote_from_bytes(data)


def played() -> None:
    """Loads what plays what is composed."""
    with _unexplained():
        import scorekit.ensemble.performance
        import scorekit.render.midi  # noqa: F401


def sound(again: bool = True) -> None:
    """Loads what makes music heard, and with that what every sound begins with: NumPy's dice, a table of sines, grit; what is
    heard ``again`` needs more."""
    with _unexplained():
        import scorekit.render.delivery
        import scorekit.render.mix
        import scorekit.render.patches
        import scorekit.workshop

        if again:
            import scorekit.renewal
            import scorekit.shelf  # noqa: F401
    from scorekit.render import dsp
    from scorekit.render.patches.sources import grit

    dsp.sine(grit()[:1])


@contextmanager
def _unexplained() -> Iterator[None]:
    """For a process that ends with its command: NumPy loads without what only its readers want, signatures of functions (10 ms of
    70), their texts (7) and what types are called in annotations (8), and without true chance, which brings OpenSSL (8).
    Where that fails it loads as it is."""
    texts = [_stand_in(f"numpy._core._add_newdocs{kind}") for kind in ("", "_scalars")]
    types = [_stand_in(name, ArrayLike=list, NDArray=list) for name in ("numpy._typing", "numpy.typing")]
    later = [*types, _stand_in("secrets", randbits=_random_bits)]
    rest = [_stand_in(name) for name in ("ast", "platform", "textwrap")]
    inner = _stand_in("inspect", cleandoc=str, signature=lambda function: None)
    others = {one.__name__: one for one in (*texts, *later, *rest, inner)}
    try:
        with _instead(others):
            import numpy
    except Exception:
        for other in others.values():  # what has one of them already finds the true one's by it
            for known in ("cleandoc", "signature", "ArrayLike", "NDArray", "randbits"):
                vars(other).pop(known, None)
        import numpy  # noqa: F401

        later = []
    with _instead({one.__name__: one for one in later}):
        yield


def _random_bits(count: int) -> int:
    """Bits nobody can foretell, whole bytes of them."""
    return int.from_bytes(os.urandom(count // 8))


@contextmanager
def _instead(others: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """Meanwhile others stand in for modules that are not there yet; None says that there is no such module."""
    modules: dict[str, Any] = sys.modules
    mine = {name: other for name, other in others.items() if name not in modules}
    modules.update(mine)
    try:
        yield
    finally:
        for name, other in mine.items():
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
