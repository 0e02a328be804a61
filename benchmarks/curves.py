"""How loud each third of an octave is on real records, genre by genre: prints what is kept in ``curves.toml``.

    python benchmarks/curves.py --features billboard_acousticbrainz.csv --audio FOLDER > benchmarks/curves.toml

Four sources. (1) AcousticBrainz (CC0) knows the mean MFCCs of Billboard singles of 1958 to 1991 (songs and genre tags
after McGill Billboard). An MFCC is the cosine transform of a log spectrum in mel bands, so turning it back gives the
smooth spectrum of a record nobody need own: essentia's, 40 bands of equal mel from 0 to 11 kHz, mean power of each in
20 log10, 13 coefficients. It is a mean of decibels over time. (2) Records under free licences, which are measured.
Their own distance between the third octaves of their power and the spectrum that their MFCCs give is what takes the
curves of (1) to third octaves of power, and on to 16 kHz. Metal and ambient, of which charts have none, are records
alone. Levels are dB about their mean from 100 Hz to 8 kHz. ``db`` is what a mix is loud by, where a stroke weighs more than
the silence after it; ``mean`` is the mean of decibels itself, which says how much is left between strokes.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

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


class Bands(NamedTuple):
    """How a library makes MFCCs: edges of its triangles in Hz (n + 2,), its frames, and what is taken the cosines of."""

    edges: Reals
    frame: int
    hop: int
    power: bool
    reach: float
    """Hz above which its bands say nothing."""


def _slaney() -> Reals:
    """Edges of librosa's 128 mel bands to 11,025 Hz: linear to 1 kHz, then 27 steps to every factor of 6.4."""
    mel = np.linspace(0.0, 15.0 + np.log(11.025) * 27.0 / np.log(6.4), 130)
    return np.where(mel < 15.0, mel * 200.0 / 3.0, 1_000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0))


def _halved() -> Reals:
    """Edges of pyAudioAnalysis' 40 bands, where they truly are: half of what it calls them."""
    linear = 400.0 / 3.0 + np.arange(13) * 200.0 / 3.0
    return np.append(linear, linear[-1] * 1.0711703 ** np.arange(1, 30)) / 2.0


LIBROSA = Bands(_slaney(), 4_096, 1_024, True, 8_000.0)
ANALYSIS = Bands(_halved(), 2_205, 2_205, False, 3_200.0)

MEDIANS = {
    "reggae": (LIBROSA, 21, "GTZAN",
        (106.2, -8.3, 40.4, 0.6, 26.6, -9.9, 18.4, -9.1, 14.4, -7.3, 10.9, -6.7)),
    "jazz_swing": (LIBROSA, 21, "GTZAN",
        (112.1, -10.7, 40.2, -8.2, 17.2, -11.8, 12.8, -15.2, 11.3, -9.6, 8.3, -5.5)),
    "melodic_house": (ANALYSIS, 34, "Caparrini et al., deep house",
        (2.335, 0.15, 0.32, 0.065, 0.086, 0.041, 0.063, 0.012, 0.037, 0.023, 0.061, 0.025)),
    "drum_and_bass": (ANALYSIS, 26, "Caparrini et al.",
        (1.518, 0.264, 0.38, 0.159, 0.16, 0.078, 0.052, 0.026, 0.052, 0.028, 0.018, 0.0)),
}  # fmt: skip
"""Genre: whose MFCCs, of how many tracks, found where, and the medians of the second to the thirteenth."""

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


def cosines(count: int = 40) -> Reals:
    """Rows of the DCT: (13, count)."""
    rows = np.cos(np.pi * np.arange(13)[:, None] * (np.arange(count) + 0.5) / count) * np.sqrt(2.0 / count)
    rows[0] /= np.sqrt(2.0)
    return rows


def from_mfcc(mfcc: Sequence[float]) -> Reals:
    """Third octaves of the smooth spectrum that 13 MFCCs stand for."""
    density = np.array(mfcc) @ cosines() / 2.0
    return about(np.interp(np.log(CENTRES), np.log(mel_bands()[1]), density) + 10.0 * np.log10(CENTRES))


def from_bands(bands: Bands, mfcc: Reals) -> Reals:
    """Third octaves of the smooth spectrum that the second to the thirteenth MFCC of a library stand for."""
    density = np.append(0.0, mfcc) @ cosines(bands.edges.size - 2) * (1.0 if bands.power else 20.0)
    return about(np.interp(np.log(CENTRES), np.log(bands.edges[1:-1]), density) + 10.0 * np.log10(CENTRES))


def to_bands(bands: Bands, x: Reals) -> Reals:
    """The second to the thirteenth mean MFCC of x (n,) as a library would find them."""
    window = np.hanning(bands.frame + 1)[:-1] if bands.power else np.ones(bands.frame)
    frames = [x[at : at + bands.frame] * window for at in range(0, len(x) - bands.frame, bands.hop)]
    hz, edges = np.fft.rfftfreq(bands.frame, 1.0 / RATE), bands.edges
    shape = [
        np.clip(np.minimum((hz - a) / (b - a), (c - hz) / (c - b)), 0.0, None) / (c - a)
        for a, b, c in zip(edges, edges[1:], edges[2:], strict=False)
    ]
    size = np.abs(np.array([np.fft.rfft(frame) for frame in frames]))
    level = np.maximum((np.square(size) if bands.power else size) @ np.array(shape).T, 1e-12)
    loud = 10.0 * np.log10(level) if bands.power else np.log10(level)
    if bands.power:
        loud = np.maximum(loud, loud.max() - 80.0)
    return np.asarray((cosines(edges.size - 2) @ loud.mean(axis=0))[1:])


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
    measured, means, apart = {}, {}, []
    further: dict[str, list[Reals]] = {genre: [] for genre in MEDIANS}
    for path in sorted(chosen.audio.glob("*.ogg")):
        if "stem" not in path.name:
            x = soundfile.read(path, always_2d=True)[0].mean(axis=1)
            measured[path.stem] = thirds(x)
            means[path.stem] = from_mfcc(list(to_mfcc(x)))
            apart.append(measured[path.stem] - means[path.stem])
            for genre, (bands, *_) in MEDIANS.items():
                further[genre].append(measured[path.stem] - from_bands(bands, to_bands(bands, x)))
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
        mean = np.median(found, axis=0)
        levels, source = about(mean + correction), f"{len(found)} singles tagged like {like!r}"
        if genre in MEDIANS:
            bands, count, where, mfcc = MEDIANS[genre]
            more = about(from_bands(bands, np.array(mfcc)) + smooth(np.median(further[genre], axis=0)))
            alone = len(found) < 5 or bands is ANALYSIS
            levels, source = (
                onward(levels, more, bands.reach, 0.0 if alone else len(found) / (len(found) + count)),
                (f"{count} tracks of {where}; {'above their reach' if alone else 'and'} {source}"),
            )
        told(genre, levels, about(mean), source)
    for genre, names in RECORDS.items():
        levels, mean = (np.mean([table[name] for name in names], axis=0) for table in (measured, means))
        told(genre, about(smooth(levels)), about(mean), ", ".join(names))


def onward(levels: Reals, more: Reals, reach: float, share: float) -> Reals:
    """``more``, with a share of ``levels``, up to its reach; from there on as ``levels`` go."""
    here = reach > CENTRES
    mixed = np.where(here, more * (1.0 - share) + levels * share, levels)
    edge = int(here.sum())
    mixed[edge:] += mixed[edge - 1] - levels[edge - 1]
    return about(mixed)


def told(genre: str, levels: Reals, mean: Reals, source: str) -> None:
    """Prints a genre."""
    print(f"\n[{genre}]\nfrom = {source!r}")
    for name, row in (("db", levels), ("mean", mean)):
        print(f"{name} = [{', '.join(f'{db:.1f}' for db in row)}]")


if __name__ == "__main__":
    main()
