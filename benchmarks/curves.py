"""How loud each third of an octave is on real records, genre by genre: prints what is kept in ``curves.toml``.

    python benchmarks/curves.py --features billboard_acousticbrainz.csv --audio FOLDER > benchmarks/curves.toml

Two sources. (1) AcousticBrainz (CC0) knows the mean MFCCs of Billboard singles of 1958 to 1991 (songs and genre tags
after McGill Billboard). An MFCC is the cosine transform of a log spectrum in mel bands, so turning it back gives the
smooth spectrum of a record nobody need own: essentia's, 40 bands of equal mel from 0 to 11 kHz, mean power of each in
20 log10, 13 coefficients. It is a mean of decibels over time. (2) Records under free licences, which are measured.
Their own distance between the third octaves of their power and the spectrum that their MFCCs give is what takes the
curves of (1) to third octaves of power, and on to 16 kHz. Metal and ambient, of which charts have none, are records
alone. Levels are dB about their mean from 100 Hz to 8 kHz.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Reals = NDArray[np.float64]

RATE = 44_100
CENTRES: Reals = 1_000.0 * 2.0 ** (np.arange(-13, 13) / 3.0)
"""Hz: 50 to 16,000."""

TAGS = {
    "rock": (r"rock", r"roll|soft|folk|pop|blues", 1974), "pop": (r"pop|adult", r"country", 1974),
    "country": (r"country|bluegrass", r"^$", 0), "soul": (r"soul|r&b|motown|rhythm", r"funk", 0),
    "funk": (r"funk|disco", r"^$", 0), "blues": (r"blues", r"rhythm", 0), "jazz_swing": (r"jazz", r"^$", 0),
    "bossa": (r"jazz|easy", r"^$", 0), "reggae": (r"reggae", r"^$", 0), "lofi": (r"jazz|soul|hip", r"^$", 0),
    "melodic_house": (r"wave|synth|disco|hip|electr|dance", r"^$", 0),
    "drum_and_bass": (r"wave|synth|disco|hip|electr|dance", r"^$", 0),
}  # fmt: skip
"""Genre: what its tag is like, what it is not like, and the first year (lows have grown since; Hove et al. 2019)."""

RECORDS = {
    "metal": ("metal_chaos_god_mix", "rock_metal_madness_mix", "rock_war_of_freedom_mix"),
    "ambient": ("ambient_graveyard", "score_hunting", "electronic_laboratory"),
}


def thirds(x: Reals) -> Reals:
    """dB of the power of x (n,) in each third of an octave, about their mean."""
    size = 1 << 15
    frames = [x[at : at + size] * np.hanning(size) for at in range(0, len(x) - size, size // 2)]
    power = sum((np.square(np.abs(np.fft.rfft(frame))) for frame in frames), np.zeros(size // 2 + 1))
    hz = np.arange(size // 2 + 1) * (RATE / size)
    edge = 2.0 ** (1.0 / 6.0)
    levels = [10.0 * np.log10(power[(hz >= centre / edge) & (hz < centre * edge)].sum() + 1e-20) for centre in CENTRES]
    return about(np.array(levels))


def about(levels: Reals) -> Reals:
    """Levels about their mean from 100 Hz to 8 kHz."""
    return np.asarray(levels - levels[(CENTRES > 90.0) & (CENTRES < 9_000.0)].mean())


def mel_bands() -> tuple[Reals, Reals]:
    """Weights (40, 1025) of the mel bands, each of unit sum, and their centres in Hz."""

    def mel(hz: Reals) -> Reals:
        return np.asarray(1_127.01048 * np.log(1.0 + hz / 700.0))

    hz = np.fft.rfftfreq(2_048, 1.0 / RATE)
    edges = np.linspace(0.0, float(mel(np.array(11_000.0))), 42)
    place = mel(hz)
    rows = [
        np.clip(np.minimum((place - a) / (b - a), (c - place) / (c - b)), 0.0, None)
        for a, b, c in zip(edges, edges[1:], edges[2:], strict=False)
    ]
    return np.array([row / row.sum() for row in rows]), 700.0 * (np.exp(edges[1:-1] / 1_127.01048) - 1.0)


def cosines() -> Reals:
    """Rows of the DCT: (13, 40)."""
    rows = np.cos(np.pi * np.arange(13)[:, None] * (np.arange(40) + 0.5) / 40) * np.sqrt(2.0 / 40)
    rows[0] /= np.sqrt(2.0)
    return rows


def from_mfcc(mfcc: Sequence[float]) -> Reals:
    """Third octaves of the smooth spectrum that 13 MFCCs stand for."""
    density = np.array(mfcc) @ cosines() / 2.0
    return about(np.interp(np.log(CENTRES), np.log(mel_bands()[1]), density) + 10.0 * np.log10(CENTRES))


def to_mfcc(x: Reals) -> Reals:
    """Mean MFCCs of x (n,)."""
    turn = 2.0 * np.pi * np.arange(2_048) / 2_048
    window = 0.44959 - 0.49364 * np.cos(turn) + 0.05677 * np.cos(2.0 * turn)
    window *= 2.0 / window.sum()
    spectra = [np.abs(np.fft.rfft(x[at : at + 2_048] * window)) for at in range(0, len(x) - 2_048, 1_024)]
    bands = np.square(np.array(spectra)) @ mel_bands()[0].T
    return np.asarray(cosines() @ (20.0 * np.log10(np.maximum(bands, 1e-10))).mean(axis=0))


def smooth(levels: Reals) -> Reals:
    """Averaged over two thirds of an octave either way."""
    padded = np.concatenate([levels[:1], levels[:1], levels, levels[-1:] + np.diff(levels[-3:]).mean(), levels[-1:]])
    padded[-1] = padded[-2]
    return np.convolve(padded, np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0, "valid")


def main() -> None:
    """Prints the curves as TOML."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--features", type=Path, required=True)
    options.add_argument("--audio", type=Path, required=True)
    chosen = options.parse_args()
    measured, apart = {}, []
    for path in sorted(chosen.audio.glob("*.ogg")):
        if "stem" not in path.name:
            x = soundfile.read(path, always_2d=True)[0].mean(axis=1)
            measured[path.stem] = thirds(x)
            apart.append(measured[path.stem] - from_mfcc(list(to_mfcc(x))))
    correction = smooth(np.median(apart, axis=0))
    with chosen.features.open(newline="") as file:
        rows = list(csv.DictReader(file))
    print(
        "# Third octaves of real records, dB about their mean from 100 Hz to 8 kHz. Made by curves.py, which says how."
    )
    print(f"hz = [{', '.join(f'{hz:.0f}' for hz in CENTRES)}]")
    for genre, (like, unlike, year) in TAGS.items():
        found = [
            from_mfcc([float(number) for number in row["mfcc_mean"].split()])
            for row in rows
            if re.search(like, row["genre_tag"], re.IGNORECASE)
            and not re.search(unlike, row["genre_tag"], re.IGNORECASE)
            and int(row["year"]) >= year
        ]
        told(genre, about(np.median(found, axis=0) + correction), f"{len(found)} singles tagged like {like!r}")
    for genre, names in RECORDS.items():
        told(genre, about(smooth(np.mean([measured[name] for name in names], axis=0))), ", ".join(names))


def told(genre: str, levels: Reals, source: str) -> None:
    """Prints a genre."""
    print(f"\n[{genre}]\nfrom = {source!r}\ndb = [{', '.join(f'{db:.1f}' for db in levels)}]")


if __name__ == "__main__":
    main()
