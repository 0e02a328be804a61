"""Facts about the mix: where things sound, how loud, and that they add up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from msgspec.structs import replace

from scorekit.render import dsp, effects, loudness
from scorekit.render.console import Console, Laid
from scorekit.render.dsp import Samples
from scorekit.render.master import Hands, mastering
from scorekit.render.mix import console, lines, mix, sample_positions, strokes, summed
from scorekit.render.patches import base
from scorekit.render.patches.click import CLICK
from scorekit.render.voices import Bodies
from scorekit.score import Performance, Plan, Take
from scorekit.stage import Master, Part, Sound, Strip
from scorekit.timebase import PPQ, TempoMap

TEMPO = TempoMap(((0, 468_750), (4 * PPQ, 500_001)))
EVENTS = np.dtype([(name, np.int64) for name in ("start", "length", "pitch", "velocity", "manner", "source")])


def tone(take: base.Take) -> Samples:
    """A bright, decaying, slightly stereo tone."""
    hz = dsp.hertz(take.pitch)
    sides = [dsp.osc("saw", dsp.phase(hz * detune, 40_000), hz * 1.01) for detune in (1.0, 1.003)]
    return np.stack(sides) * (dsp.decay(0.8, 40_000) * np.float32(0.6))


PATCHES = {"click": CLICK, "tone": base.Patch("tone", "keys", "", tone)}


def performance(rows: dict[str, tuple[str, Strip, list[tuple[int, int, int]]]], **plan: Any) -> Performance:
    """A song of 8 quarters: part name to (patch, strip, [(tick, pitch, velocity)])."""
    parts = tuple(
        Part(n, n, Sound(patch), strip, 9 if n == "drums" else 0, 0, n) for n, (patch, strip, _) in rows.items()
    )
    takes = tuple(
        Take(name, 0, np.array([(t, PPQ // 2, p, v, 0, 0) for t, p, v in notes], EVENTS))
        for name, (_, _, notes) in rows.items()
    )
    facts = {"tempo": TEMPO, "parts": parts, "master": Master(), "tail": 1.5, "end": 8 * PPQ, "loops": False, **plan}
    placements = (SimpleNamespace(start=0, end=8 * PPQ),)
    return Performance(cast(Plan, SimpleNamespace(**facts, placements=placements)), takes)


def band(loops: bool = False) -> Performance:
    """Keys, a panned lead, and a kick that ducks the keys."""
    beats = [(i * PPQ // 2, 60 + i % 5, 70 + i) for i in range(16)]
    return performance(
        {
            "drums": ("tone", Strip(0.0, 0.0, 0.05), [(i * PPQ, 36, 120) for i in range(8)]),
            "keys": ("tone", Strip(-6.0, -0.5, 0.2, duck=6.0, highpass=120.0), beats),
            "lead": ("tone", Strip(-3.0, 0.6, 0.2, 0.3, width=0.5), [(t, p + 12, v) for t, p, v in beats]),
        },
        loops=loops,
    )


def parts_of(song: Performance) -> tuple[Samples, dict[str, Samples]]:
    """The dry bus of a song and its stems."""
    laid = [Laid(line, Bodies()) for line in lines(song, PATCHES)]
    return summed(console(song, laid), [part.name for part in song.plan.parts])


def test_positions_are_those_of_the_tempo_map() -> None:
    """Sample positions worked out for a whole array are TempoMap.sample's, one by one."""
    ticks = np.arange(0, 20_000, 7)
    assert sample_positions(TEMPO, ticks).tolist() == [TEMPO.sample(int(tick)) for tick in ticks]


def test_onsets_survive_the_whole_mix() -> None:
    """Clicks come out of the master on the very samples of their ticks: nothing on the way delays them."""
    ticks = [0, 1_003, 2 * PPQ + 1, 5 * PPQ]
    played = performance({"keys": ("click", Strip(), [(tick, 60, 120) for tick in ticks])})
    out = mix(played, PATCHES, Bodies()).samples[0]
    assert np.flatnonzero(np.abs(out) > 0.2 * np.abs(out).max()).tolist() == [TEMPO.sample(tick) for tick in ticks]
    assert [stroke.at for stroke in strokes(played.takes[0], TEMPO)] == [TEMPO.sample(tick) for tick in ticks]


def test_loudness_and_peak_are_as_asked() -> None:
    """Whatever the target, the mix measures within 0.3 LU of it and under the ceiling, and says so truly."""
    for master in (Master(), Master(lufs=-20.0), Master(lufs=-11.0, ceiling=-1.5)):
        song = band()
        made = mix(
            Performance(cast(Plan, SimpleNamespace(**{**vars(song.plan), "master": master})), song.takes),
            PATCHES,
            Bodies(),
        )
        assert loudness.integrated(made.samples) == pytest.approx(master.lufs, abs=0.3)
        assert loudness.true_peak(made.samples) <= master.ceiling + 0.02
        assert made.lufs == pytest.approx(loudness.integrated(made.samples), abs=0.1)
        assert made.peak == pytest.approx(loudness.true_peak(made.samples), abs=0.1)


@pytest.mark.parametrize("lufs", [-22.0, -14.0, -11.0, -7.0])
def test_quiet_crests_turn_no_gain(monkeypatch: pytest.MonkeyPatch, lufs: float) -> None:
    """Gains from peaks looked at where they may matter are those from peaks looked at closely everywhere, bit for bit."""
    song, looked = band(), list[float]()
    desk = console(song, [Laid(line, Bodies()) for line in lines(song, PATCHES)])
    spool, measured = Hands().mixed(desk), loudness.peaks_of
    gains, *_ = mastering(spool, desk.n, Master(lufs=lufs), Hands())

    def closely(read: Any, n: int, above: float, a: int, b: int) -> Samples:
        looked.append(above)
        return measured(read, n, 0.0, a, b)

    monkeypatch.setattr(loudness, "peaks_of", closely)
    assert (mastering(spool, desk.n, Master(lufs=lufs), Hands())[0] == gains).all()
    assert all(looked) and looked


def test_most_gains_are_served_by_the_same_peaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of eight gains half a dB apart few have peaks looked at above another height: the others find theirs measured."""
    song, looked = band(), list[float]()
    desk = console(song, [Laid(line, Bodies()) for line in lines(song, PATCHES)])
    spool, measured = Hands().mixed(desk), loudness.peaks_of

    def noted(read: Any, n: int, above: float, a: int, b: int) -> Samples:
        looked.append(above)
        return measured(read, n, above, a, b)

    monkeypatch.setattr(loudness, "peaks_of", noted)
    made = [mastering(spool, desk.n, Master(lufs=-24.0 + 0.5 * step), Hands())[0] for step in range(8)]
    assert len({gains.tobytes() for gains in made}) == 8
    assert 2 <= len({*looked}) <= 3


def test_stems_add_up() -> None:
    """The stems' sum is the dry bus."""
    dry, stems = parts_of(band())
    np.testing.assert_allclose(sum(stems.values()), dry, atol=1e-5)


def test_the_end_is_silent_and_complete() -> None:
    """The mix is as long as the song and its tail, and falls to nothing without a cut."""
    made = mix(band(), PATCHES, Bodies(), stems=False)
    assert made.samples.shape == (2, TEMPO.sample(8 * PPQ) + dsp.samples(1.5))
    assert np.abs(made.samples[:, -50:]).max() < 1e-5
    assert made.stems == {}


def test_same_bits_twice() -> None:
    """The same performance gives the same samples, whether bodies were kept or not."""
    bodies = Bodies()
    first = mix(band(), PATCHES, bodies).samples
    np.testing.assert_array_equal(first, mix(band(), PATCHES, bodies).samples)
    np.testing.assert_array_equal(first, mix(band(), PATCHES, Bodies(1)).samples)


def test_strip_level_is_decibels() -> None:
    """6.02 dB less on a strip halves its stem."""
    song = band()
    parts = tuple(replace(part, strip=replace(part.strip, level=part.strip.level - 6.0206)) for part in song.plan.parts)
    softer = Performance(cast(Plan, SimpleNamespace(**{**vars(song.plan), "parts": parts})), song.takes)
    for before, after in zip(parts_of(song)[1].values(), parts_of(softer)[1].values(), strict=True):
        np.testing.assert_allclose(after, before * 0.5, atol=1e-5)


def test_lows_are_mono() -> None:
    """Below 60 Hz nothing is left of the side signal; at 400 Hz it is untouched."""
    n = 60_000
    low, high = dsp.partial(50.0, n), dsp.partial(400.0, n)
    x = np.stack([low + high, -low - high])
    desk = Console(n, (), standing=lambda a, b: x[:, a:b].copy())
    middle = np.concatenate([block for _, block in desk.bus(0, n)], axis=1)[0, 10_000:50_000]
    level = np.abs(np.fft.rfft(middle * np.hanning(40_000))) / 10_000
    assert level[round(50 * 40_000 / 44_100)] < 0.05
    assert level[round(400 * 40_000 / 44_100)] > 0.9


def test_the_room_does_not_ring() -> None:
    """The tail is noise: no lag beyond 1 ms repeats itself; left and right differ, yet lose less than 2 dB in mono."""
    tail = effects.room(0.5, 0.5)[:, 4_000:36_768]
    whole = np.abs(np.fft.rfft(tail * np.hanning(32_768))) ** 2
    echoes = np.fft.irfft(whole[0])
    assert np.abs(echoes[44:8_000]).max() < 0.2 * echoes[0]
    assert 0.3 < np.corrcoef(tail)[0, 1] < 0.5
    assert 0.0 < 10.0 * np.log10(np.square(tail).mean() / np.square(tail.mean(axis=0)).mean()) < 2.0


def test_a_duck_dips_and_comes_back() -> None:
    """A duck of 6 dB halves the level just after the onset and is over a quarter of a second later."""
    dips = effects.duck([1_000], 6.0206, 20_000)
    assert dips[999] == 1.0
    assert dips.min() == pytest.approx(0.5, abs=1e-4)
    assert dips[1_000 + 12_000 :].min() == 1.0


def test_silence_is_silence() -> None:
    """A song in which nobody plays is silent, not broken."""
    made = mix(performance({"keys": ("tone", Strip(), [])}), PATCHES, Bodies())
    assert not made.samples.any()
