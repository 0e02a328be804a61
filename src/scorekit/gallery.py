"""A page of all patches: each with its parameters, the genres that use it, a few notes to hear and their spectrogram.

One HTML file with everything in it. Pictures are drawn here, from the same spectra the page explains.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scorekit.render import dsp, effects, loudness, wav
from scorekit.render.dsp import RATE, Samples
from scorekit.render.patches.base import Patch
from scorekit.render.voices import Bodies, Stroke, clip
from scorekit.stage import Sound

Notes = Sequence[tuple[float, float, int, int]]
"""Start and length in seconds, pitch, velocity."""

_BEAT: Notes = [
    (0.0, 0.1, 36, 112), (0.0, 0.1, 42, 80), (0.25, 0.1, 42, 55), (0.5, 0.1, 38, 108), (0.5, 0.1, 42, 80),
    (0.75, 0.1, 46, 70), (0.875, 0.1, 36, 84), (1.0, 0.1, 42, 78), (1.25, 0.1, 36, 104), (1.5, 0.1, 38, 112),
    (1.5, 0.1, 42, 76), (1.75, 0.1, 48, 96), (1.875, 0.1, 45, 100), (2.0, 0.1, 49, 104), (2.0, 0.1, 36, 115),
]  # fmt: skip
_LINE: Notes = [
    (0.0, 0.45, 33, 100),
    (0.5, 0.2, 40, 84),
    (0.75, 0.2, 43, 92),
    (1.0, 0.45, 45, 108),
    (1.5, 1.0, 33, 100),
]
_CHORD: Notes = [
    (0.0, 0.7, 57, 70), (0.0, 0.7, 60, 66), (0.0, 0.7, 64, 74), (0.75, 0.7, 57, 100), (0.75, 0.7, 62, 96),
    (0.75, 0.7, 65, 104), (1.5, 1.6, 52, 88), (1.5, 1.6, 59, 84), (1.5, 1.6, 64, 92), (1.5, 1.6, 68, 86),
]  # fmt: skip
_TUNE: Notes = [(0.0, 0.5, 64, 78), (0.5, 0.5, 67, 92), (1.0, 0.25, 69, 100), (1.25, 0.25, 67, 84), (1.5, 1.4, 72, 108)]
_SWELL: Notes = [(0.0, 3.0, 48, 80), (0.0, 3.0, 60, 76), (0.0, 3.0, 64, 84), (0.0, 3.0, 67, 80)]
PHRASES: Mapping[str, Notes] = {
    "drums": _BEAT, "bass": _LINE, "guitar": _CHORD, "keys": _CHORD, "strings": _TUNE, "brass": _TUNE, "lead": _TUNE,
    "pads": _SWELL,
}  # fmt: skip
"""What a patch of each family plays on the page."""

_LOUD = -18.0
"""LUFS of each example."""


# -- sound -----------------------------------------------------------------------------------------------------------


def example(patch: Patch) -> Samples:
    """A few notes of a patch in a small room, (2, n)."""
    notes = PHRASES[patch.family]
    sound = Sound(patch.name, tuple((param.name, param.default) for param in patch.params))
    strokes = [Stroke(dsp.samples(at), dsp.samples(length), pitch, vel) for at, length, pitch, vel in notes]
    dry = clip(patch, sound, strokes, Bodies()).samples
    out = np.zeros((2, dry.shape[-1] + dsp.samples(0.8)), np.float32)
    dsp.add(out, dry, 0)
    effects.reverberate(out.mean(axis=0) * np.float32(0.12), effects.room(0.25, 0.5), out)
    out = dsp.fade_out(out, 0.6)
    level = min(dsp.gain(_LOUD - loudness.integrated(out)), 0.9 / max(float(np.abs(out).max()), 1e-6))
    return out * np.float32(level)


# -- picture ---------------------------------------------------------------------------------------------------------

_SHADES = 48
"""Levels in a picture."""
_STOPS = ((13, 8, 30), (74, 18, 94), (165, 44, 96), (236, 104, 56), (251, 192, 86), (252, 253, 215))


def spectrogram(x: Samples, width: int = 420, height: int = 150) -> NDArray[np.uint8]:
    """Shades (height, width) of x (2, n): time to the right, 40 Hz to 16 kHz upwards by octaves, over 80 dB."""
    size = 4_096
    mono = np.concatenate([np.zeros(size // 2, np.float32), x.mean(axis=0), np.zeros(size, np.float32)])
    starts = np.linspace(0, x.shape[-1] - 1, width).astype(int)
    frames = np.stack([mono[at : at + size] for at in starts]) * np.hanning(size)
    power = np.square(np.abs(np.fft.rfft(frames)))
    edges = 40.0 * 400.0 ** (np.arange(height + 1) / height) * size / RATE
    rows = [power[:, int(a) : max(int(b), int(a) + 1)].mean(axis=1) * a for a, b in pairwise(edges)]
    level = 10.0 * np.log10(np.stack(rows[::-1]) + 1e-12)
    shades: NDArray[np.uint8] = np.clip((level - level.max() + 80.0) / 80.0 * _SHADES, 0, _SHADES - 1).astype(np.uint8)
    return shades


def png(shades: NDArray[np.uint8]) -> bytes:
    """Shades (height, width), black to white, as a PNG file."""
    height, width = shades.shape
    lines = b"".join(b"\0" + row.tobytes() for row in shades)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    along = np.linspace(0.0, 1.0, _SHADES)
    colours = np.stack(
        [np.interp(along, np.linspace(0.0, 1.0, len(_STOPS)), stop) for stop in zip(*_STOPS, strict=True)]
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = colours.T.astype(np.uint8).tobytes()
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


# -- page ------------------------------------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --ink: #d5472f; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 0 1rem 4rem; }
nav { position: sticky; top: 0; background: Canvas; padding: .5rem 0; border-bottom: 1px solid var(--line); z-index: 1; }
nav a { display: inline-block; margin-right: .9rem; text-transform: capitalize; } .names a { margin-right: .7rem; white-space: nowrap; }
a { color: inherit; text-decoration-color: var(--ink); text-underline-offset: .2em; }
section { border-top: 1px solid var(--line); padding: 1.2rem 0; display: grid; gap: 1.5rem;
  grid-template-columns: minmax(0, 26rem) minmax(0, 1fr); }
section, h2 { scroll-margin-top: 3rem; } h2 { margin: 2.5rem 0 .3rem; text-transform: capitalize; }
h3 { margin: 0 0 .3rem; } p { margin: .2rem 0; } .where { opacity: .7; margin-top: .6rem; }
figure { position: relative; margin: 0 0 .4rem; cursor: pointer; } figure:focus-visible { outline: 2px solid var(--ink); }
img { width: 100%; height: 150px; border-radius: 6px; display: block; } audio { width: 100%; height: 34px; }
i { position: absolute; top: 0; bottom: 0; left: 0; width: 2px; background: #fff; opacity: 0; }
.on i { opacity: .9; } .on img { box-shadow: 0 0 0 2px var(--ink); }
table { border-collapse: collapse; font-size: 13px; margin-top: .5rem; }
td, th { text-align: left; vertical-align: baseline; padding: .15rem .8rem .15rem 0; }
td:nth-child(-n+3) { white-space: nowrap; } code { background: #8882; border-radius: 3px; padding: 0 .25em; }
@media (max-width: 48rem) { section { grid-template-columns: minmax(0, 1fr); gap: .8rem; } }
"""
_SCRIPT = """
let now = null;
for (const figure of document.querySelectorAll("figure")) {
  const sound = figure.nextElementSibling, line = figure.querySelector("i");
  const follow = () => {
    line.style.left = 100 * sound.currentTime / (sound.duration || 1) + "%";
    if (!sound.paused) requestAnimationFrame(follow);
  };
  sound.onplay = () => { if (now && now !== sound) now.pause(); now = sound; figure.className = "on"; follow(); };
  sound.onpause = sound.onended = () => { figure.className = ""; };
  figure.onclick = event => {
    const box = figure.getBoundingClientRect();
    if (!sound.paused) return sound.pause();
    if (event.detail && sound.duration) sound.currentTime = sound.duration * (event.clientX - box.left) / box.width;
    sound.play();
  };
  figure.onkeydown = event => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); figure.click(); } };
}
"""
"""A click on a picture plays the sound from there on, and a line goes along; whatever else played falls silent."""


def page(
    patches: Sequence[Patch], uses: Mapping[str, Sequence[str]], listen: Callable[[str], object] = lambda name: None
) -> bytes:
    """The page of some patches; ``uses`` names the genres that play each. UTF-8. ``listen`` hears whose turn it is."""
    families = {patch.family: [other for other in patches if other.family == patch.family] for patch in patches}
    links = "".join(f'<a href="#all-{escape(family)}">{escape(family)}</a>' for family in families)
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>",
        f"<title>Patches of scorekit</title><style>{_STYLE}</style><h1>Patches</h1>",
        "<p>Every sound there is. A song asks for one with <code>sound = { patch = \"epiano\", bright = 0.7 }</code> in a",
        "part, and may set any of its parameters. Click a picture to hear it from there: 40 Hz to 16 kHz by octaves, 80 dB",
        f"from black to white.</p><nav>{links}</nav>",
    ]  # fmt: skip
    for family, members in families.items():
        names = "".join(f'<a href="#{escape(patch.name)}">{escape(patch.name)}</a>' for patch in members)
        parts.append(f'<h2 id="all-{escape(family)}">{escape(family)}</h2><p class="names">{names}</p>')
        for patch in members:
            listen(patch.name)
            parts.append(_entry(patch, uses.get(patch.name, ())))
    return "\n".join([*parts, f"<script>{_SCRIPT}</script></html>\n"]).encode()


def _entry(patch: Patch, genres: Sequence[str]) -> str:
    sound = example(patch)
    picture = b64encode(png(spectrogram(sound))).decode()
    heard = b64encode(wav.encode(sound, container="ogg")).decode()
    rows = "".join(
        f"<tr><td><code>{escape(p.name)}</code><td>{p.low:g} to {p.high:g}<td>{p.default:g}<td>{escape(p.about)}"
        for p in patch.params
    )
    programs = f"General MIDI programs {', '.join(str(n + 1) for n in patch.programs)}." if patch.programs else ""
    return (
        f'<section id="{escape(patch.name)}"><div>'
        f'<figure tabindex="0" role="button" aria-label="Play {escape(patch.name)}"><img alt="Spectrogram" '
        f'src="data:image/png;base64,{picture}"><i></i></figure>'
        f'<audio controls preload="none" src="data:audio/ogg;base64,{heard}"></audio></div>'
        f"<div><h3>{escape(patch.name)}</h3><p>{escape(patch.about)}</p>"
        f"<table><tr><th>parameter<th>range<th>usual<th>{rows}</table>"
        f'<p class="where">Played in {escape(", ".join(genres).replace("_", " ") or "no genre unless asked for")}. '
        f"{programs}</p></div></section>"
    )
