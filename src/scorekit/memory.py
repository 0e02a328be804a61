"""What the system is told about the memory of this process: arrays come and go by the thousand, and are to cost nothing."""

from __future__ import annotations

import mmap
import sys

HUGE = 2 << 20
"""Bytes of a large page."""


def keep_memory() -> None:
    """Tells glibc to keep what arrays leave behind, for the next ones, and Linux to have that memory in pages of 2 MB:
    otherwise each large array is had from the system anew, page by page, and every look into a body is a look into tables of
    pages first: a sixth of a render's time. All threads have theirs from one place. To be asked before there are any."""
    import ctypes

    if sys.platform != "linux" or not hasattr(own := ctypes.CDLL(None), "mallopt"):
        return
    for name, value in _KEPT:
        own.mallopt(name, value)
    own.malloc.restype = own.sbrk.restype = ctypes.c_void_p
    blocks = [own.malloc(ctypes.c_size_t(_GRASP)) for _ in range(6)]
    if all(blocks) and max(blocks) < (top := own.sbrk(ctypes.c_ssize_t(0))):
        first = -(-min(blocks) // HUGE) * HUGE
        own.madvise(ctypes.c_void_p(first), ctypes.c_size_t(top - first), mmap.MADV_HUGEPAGE)
    for block in blocks:
        own.free(ctypes.c_void_p(block))


_KEPT = ((-3, 32 << 20), (-1, 512 << 20), (-2, 16 << 20), (-8, 1))
"""M_MMAP_THRESHOLD (it takes no more), M_TRIM_THRESHOLD, M_TOP_PAD and their values in bytes, M_ARENA_MAX: mallopt(3)."""
_GRASP = 31 << 20
"""Bytes that are asked for at once, fewer than the first of those."""


def trimmed() -> None:
    """Gives the system back what was let go of, where that can be asked for."""
    import ctypes

    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(0)
