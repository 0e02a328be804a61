"""Ours beside real music: melody, harmony, drums by style, ensemble, voice-leading and timing.

    python benchmarks/corpus.py --corpus PATH [--seeds 20] [--genres rock,funk] [--length "90 s"] [--real 150] [--all]

Prints a Markdown table: each measure's real 5 %, median and 95 %, our 5 %, median and 95 %, and the share of our songs
inside the real band; and a small one for jazz, of which only pooled counts are known. Of single genres only the rows that
miss are printed, but for drums, which are compared by style; ``--all`` prints them all. ``--real`` takes so many pieces of
each collection, drawn by their names. The corpus is described by its own README: POP909, Groove MIDI, Billboard, band MIDI
files, jazz charts and solos. Some two minutes of one processor.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
from msgspec.structs import replace

from scorekit.seeds import Seed
from scorekit.smells import bands, beats, tunes
from scorekit.smells.piece import Harmony, Line, Piece, line
from scorekit.timebase import PPQ, Meter, TempoMap

Rows = list[tuple[int, int, int, int, float]]
Measure = Callable[[Piece], float | None]

# -- reading MIDI files ----------------------------------------------------------------------------


def notes_of(file: mido.MidiFile) -> dict[tuple[int, int], tuple[int, str, list[list[float]]]]:
    """Notes as [start, end, pitch, velocity] in beats by (track, channel), with the program and the track's name."""
    found: dict[tuple[int, int], tuple[int, str, list[list[float]]]] = {}
    for number, track in enumerate(file.tracks):
        at, on, programs = 0, dict[tuple[int, int], list[list[float]]](), dict[int, int]()
        for message in track:
            at += message.time
            beat = at / file.ticks_per_beat
            if message.type == "program_change":
                programs[message.channel] = message.program
            elif message.type == "note_on" and message.velocity:
                row = [beat, beat + 0.25, message.note, message.velocity]
                program = programs.get(message.channel, 0)
                found.setdefault((number, message.channel), (program, track.name, []))[2].append(row)
                on.setdefault((message.channel, message.note), []).append(row)
            elif message.type in ("note_off", "note_on") and on.get((message.channel, message.note)):
                on[message.channel, message.note].pop(0)[1] = beat
    return found


def drawn(paths: Iterable[Path], count: int | None) -> list[Path]:
    """So many files, drawn by their names: the same ones whatever else is there; all for None."""
    chosen = sorted(paths, key=lambda path: Seed(path.stem).bits("corpus"))[:count]
    return sorted(chosen)


def opened(path: Path) -> mido.MidiFile | None:
    """A MIDI file; None for the few that break the format."""
    try:
        return mido.MidiFile(path, clip=True)
    except (OSError, ValueError, EOFError, mido.KeySignatureError):
        return None


def head_of(file: mido.MidiFile) -> tuple[list[tuple[int, int]], list[tuple[int, int, int]]]:
    """Tempo changes as (tick, microseconds) and meters as (tick, beats, unit), ticks at 960 to the quarter."""
    tempos, meters = {0: 500_000}, {0: (4, 4)}
    for track in file.tracks:
        at = 0
        for message in track:
            at += message.time
            tick = round(at * PPQ / file.ticks_per_beat)
            if message.type == "set_tempo":
                tempos[tick] = message.tempo
            elif message.type == "time_signature":
                meters[tick] = (message.numerator, message.denominator)
    return sorted(tempos.items()), [(tick, *meter) for tick, meter in sorted(meters.items())]


def bar_lines(meters: Sequence[tuple[int, int, int]], end: int) -> np.ndarray:
    """Ticks of the bar lines up to the first at or after the end."""
    found, at = [0], 0
    while at < end:
        beats, unit = next((b, u) for t, b, u in reversed(meters) if t <= at)
        at += 4 * PPQ * beats // unit
        found.append(at)
    return np.array(found, np.int64)


def gridded(rows: Sequence[Sequence[float]], grid: int, beat_ms: float) -> Rows:
    """Notes put on the grid, with what that moved them as lateness in ms."""
    found: Rows = []
    for start, end, pitch, velocity in rows:
        place = round(start * grid) / grid
        length = max(1 / grid / 2, end - start)
        found.append(
            (round(place * PPQ), round((place + length) * PPQ), int(pitch), int(velocity), (start - place) * beat_ms)
        )
    return found


def better_grid(rows: Sequence[Sequence[float]]) -> int:
    """4 or 3 steps a beat, whichever lies nearer."""
    starts = np.array([row[0] for row in rows])
    error = {grid: np.mean(np.abs(starts * grid - np.rint(starts * grid)) / grid) for grid in (4, 3)}
    return 3 if error[3] < 0.8 * error[4] else 4


# -- the collections -------------------------------------------------------------------------------

_HARTE = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "hdim7": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "maj6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "9": (0, 4, 7, 10, 2),
    "maj9": (0, 4, 7, 11, 2),
    "min9": (0, 3, 7, 10, 2),
}
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def pitch_class(name: str) -> int:
    """``Bb`` to 10."""
    return (_LETTERS[name[0]] + name.count("#") - name.count("b")) % 12


def harte(symbol: str) -> tuple[int, frozenset[int]] | None:
    """Root and pitch classes of a chord in Harte's syntax; None for no chord."""
    if symbol in ("N", "X", "", "*") or symbol[0] not in _LETTERS:
        return None
    root = pitch_class(symbol.split(":")[0].split("/")[0])
    quality = symbol.partition(":")[2].partition("/")[0].partition("(")[0] or "maj"
    return root, frozenset(
        (root + step) % 12 for step in _HARTE.get(quality, _HARTE["min" if quality.startswith("min") else "maj"])
    )


def pop909(corpus: Path, count: int | None = None) -> Iterator[Piece]:
    """Pop songs: the melody as the lead, the piano as the keys, chords by beat."""
    index = {row["id"]: row for row in csv.DictReader((corpus / "pop909/index.csv").open(encoding="utf-8"))}
    for path in drawn((corpus / "pop909/midi").glob("*.mid"), count):
        file = opened(path)
        if file is None:
            continue
        tempos, meters = head_of(file)
        named = {name: rows for _, name, rows in notes_of(file).values()}
        parts = [("lead", "MELODY"), ("keys", "PIANO"), ("bridge", "BRIDGE")]
        lines = tuple(line(part, gridded(named.get(name, ()), 4, 500.0)) for part, name in parts)
        if not len(lines[0]) or not len(lines[1]):
            continue
        bars = bar_lines(meters, max(int(one.end.max()) for one in lines if len(one)))
        chords = []
        for row in csv.DictReader((corpus / f"pop909/chords/{path.stem}.csv").open(encoding="utf-8")):
            known = harte(row["chord"])
            start, end = (round(float(row[name]) * PPQ) for name in ("start_beat", "end_beat"))
            if known and chords and chords[-1].end == start and (chords[-1].root, chords[-1].classes) == known:
                start = chords.pop().start
            if known:
                chords.append(Harmony(start, end, known[0], known[0], known[1]))
        key = index[path.stem]["keys_by_beat"].split(";")[-1].split(" ")[-1].split(":")
        tonic = pitch_class(key[1]) if len(key) > 1 and key[1] else None
        yield Piece(lines, bars, Meter(4, 4), 4, tuple(chords), (), TempoMap(tuple(tempos)), 0.3, tonic)


def groove(corpus: Path, seconds: float = 25.0, count: int | None = None) -> Iterator[tuple[str, Piece]]:
    """(style, take) of human drummers: beats of so many seconds or more."""
    rows_ = csv.DictReader((corpus / "groove/index.csv").open(encoding="utf-8"))
    takes = {
        corpus / "groove/midi" / row["file"]: row
        for row in rows_
        if row["beat_type"] == "beat" and float(row["seconds"]) >= seconds
    }
    for path in drawn(takes, count):
        row, file = takes[path], opened(path)
        assert file is not None, path
        rows = [note for _, _, found in notes_of(file).values() for note in found]
        beat_ms = 60_000 / float(row["bpm"])
        grid = better_grid(rows)
        drums = line("drums", [r for r in gridded(rows, grid, beat_ms) if r[0] >= 0])
        tempo = TempoMap(((0, round(beat_ms * 1000)),))
        bars = bar_lines([(0, 4, 4)], int(drums.end.max()))
        style = row["style"].split("/")[0]
        yield (
            style,
            Piece(
                (drums,),
                bars,
                Meter(4, 4),
                grid,
                tempo=tempo,
                amount=1.0,
                ghosted=style in ("funk", "soul", "hiphop", "reggae"),
            ),
        )


def role(program: int, name: str) -> str:
    """The part a General MIDI program plays."""
    del name
    names = (
        (24, "keys"), (32, "guitar"), (40, "bass"), (56, "strings"), (64, "brass"), (80, "winds"), (88, "lead"),
    )  # fmt: skip
    return next((part for limit, part in names if program < limit), "pads")


def band(corpus: Path, count: int | None = None) -> Iterator[Piece]:
    """Multi-track pieces with drums, a bass and three lines or more, of sixteen bars or more."""
    for path in drawn((corpus / "band").glob("*/*.mid"), count):
        file = opened(path)
        if file is None:
            continue
        tempos, meters = head_of(file)
        lines: dict[str, Line] = {}
        for (_, channel), (program, name, rows) in sorted(notes_of(file).items()):
            part = "drums" if channel == 9 else role(program, name)
            while part in lines:
                part += "+"
            if len(rows) >= 8:
                lines[part] = line(part, gridded(rows, 12, 60_000 / (60_000_000 / tempos[0][1])))
        if len(lines) < 4 or "drums" not in lines or "bass" not in lines:
            continue
        bars = bar_lines(meters, max(int(one.end.max()) for one in lines.values()))
        if len(bars) >= 17:
            beats_, unit = meters[0][1:]
            made = Piece(
                tuple(lines.values()), bars, Meter(beats_, unit), 4, tempo=TempoMap(tuple(tempos)), amount=0.35
            )
            machine = (beats.machine_share(made, made.part("drums")) or 0.0) > 0.5
            yield replace(made, amount=0.05) if machine else made


def real_pieces(corpus: Path) -> dict[str, list[Piece]]:
    """Real music by collection."""
    return {
        "pop909": list(pop909(corpus)),
        "groove": [p for _, p in groove(corpus)],
        "band": list(band(corpus)),
    }


# -- harmony as rows of roots ----------------------------------------------------------------------

Roots = list[tuple[int, str]]


def chart_measures(chords: Roots, bars: int) -> dict[str, float]:
    """Of a row of (root, quality), repeats out: repeated 4-grams, motion by fourth or fifth, chords a bar, distinct."""
    row = [chord for n, chord in enumerate(chords) if n == 0 or chord != chords[n - 1]]
    if len(row) < 8:
        return {}
    grams = [tuple(row[n : n + 4]) for n in range(len(row) - 3)]
    counts = Counter(grams)
    motion = [(b[0] - a[0]) % 12 for a, b in pairwise(row)]
    return {
        "repeated 4-chord grams": float(np.mean([counts[g] >= 2 for g in grams])),
        "root motion by 4th or 5th": float(np.mean([m in (5, 7) for m in motion])),
        "chords a bar": len(row) / max(bars, 1),
        "distinct chords": float(len(set(row))),
    }


def billboard(corpus: Path, length: int = 1000) -> Iterator[dict[str, float]]:
    """Pop charts of 1958 to 1991."""
    for text in (corpus / "harmony/billboard.jsonl").open(encoding="utf-8"):
        bars = [bar for section in json.loads(text)["sections"] for bar in section["bars"]][:length]
        known = [harte(chord) for bar in bars for chord in bar]
        yield chart_measures([(k[0], str(sorted((c - k[0]) % 12 for c in k[1]))) for k in known if k], len(bars))


def own_chart(piece: Piece) -> dict[str, float]:
    """The same of one of our pieces."""
    row = [(c.root, str(sorted((p - c.root) % 12 for p in c.classes))) for c in piece.chords]
    return chart_measures(row, piece.count)


# -- jazz, of which only counts are known ----------------------------------------------------------

_KINDS = {"7": {4, 10}, "maj7": {4, 11}, "m7": {3, 10, 7}, "m7b5": {3, 6, 10}}


def jazz(corpus: Path, pieces: Sequence[Piece]) -> list[str]:
    """Counts over 1,382 charts and 299 solos beside ours, everything pooled: shares, no bands."""
    charts = json.loads((corpus / "derived/jazz_chord_stats.json").read_text(encoding="utf-8"))
    solos = json.loads((corpus / "derived/jazz_solo_stats.json").read_text(encoding="utf-8"))
    moves: Counter[int] = Counter()
    for after in charts["transitions_by_feel"]["swing"].values():
        for name, count in after.items():
            moves[int(name.split(":")[0])] += count
    sizes = Counter({abs(int(name)): count for name, count in solos["interval_counts"].items() if abs(int(name)) <= 14})
    bars = {int(count): n for count, n in charts["chords_per_bar"].items()}
    chords = [chord for piece in pieces for chord in piece.chords]
    own_moves = Counter((b.root - a.root) % 12 for piece in pieces for a, b in pairwise(piece.chords))
    leads = [piece.part("lead") for piece in pieces]
    own_sizes = Counter(n for lead in leads for n in np.abs(tunes.intervals(lead)).tolist() if n <= 14)
    qualities, total = charts["qualities"], sum(charts["qualities"].values())
    kinds = {name: own_kind(chords, need) for name, need in _KINDS.items()}
    rate = sum(count * n for count, n in bars.items()) / sum(bars.values())
    rows = [
        ("harmony", "chords a bar", rate, len(chords) / sum(piece.count for piece in pieces)),
        *(("harmony", f"root motion {name}", share(moves, wanted), share(own_moves, wanted)) for name, wanted in (
            ("up a fourth", (5,)), ("down a semitone", (11,)), ("by a third", (3, 4, 8, 9)), ("by a tone", (2, 10)))),
        ("harmony", "sevenths, altered included", (qualities["7"] + qualities["alt7"]) / total, kinds["7"]),
        *(("harmony", f"chords that are {name}", qualities[name] / total, kinds[name]) for name in ("maj7", "m7", "m7b5")),
        *(("solos", f"intervals of {name}", share(sizes, wanted), share(own_sizes, wanted)) for name, wanted in (
            ("0", (0,)), ("1", (1,)), ("2", (2,)), ("3 and 4", (3, 4)), ("5 to 7", (5, 6, 7)), ("8 and more", range(8, 15)))),
    ]  # fmt: skip
    return [f"| jazz {area} | {what} | {real:.2f} | {mine:.2f} |" for area, what, real, mine in rows]


def share(counts: Counter[int], wanted: Iterable[int]) -> float:
    """Share of some of what was counted."""
    return sum(counts[key] for key in wanted) / max(1, sum(counts.values()))


def own_kind(chords: Sequence[Harmony], need: set[int]) -> float:
    """Share of chords with these notes above their root."""
    return float(np.mean([need <= {(p - chord.root) % 12 for p in chord.classes} for chord in chords]))


def excerpt(piece: Piece, bars: int) -> Piece:
    """The first bars of a piece: what returns needs time, so songs are compared at the same length."""
    end = piece.bars[min(bars, piece.count)]
    lines = tuple(one.only(one.start < end) if len(one) else one for one in piece.lines)
    return replace(piece, lines=lines, bars=piece.bars[: bars + 1])


# -- measures --------------------------------------------------------------------------------------


def block_spread(values: np.ndarray, bars: int = 8) -> float | None:
    """Standard deviation between blocks of eight bars of their means."""
    whole = values[: len(values) // bars * bars].reshape(-1, bars).mean(axis=1)
    return float(np.std(whole)) if len(whole) >= 3 else None


def parts_at_once(piece: Piece) -> np.ndarray:
    """Share of the band that sounds in each bar."""
    lines = [bands.active(piece, one) for one in piece.lines if len(one)]
    return np.mean(lines, axis=0) if lines else np.zeros(piece.count)


def voice(name: str) -> Measure:
    """One of the voice-leading measures."""
    return lambda piece: bands.voice_leading(piece).get(name)


def hits_a_beat(piece: Piece) -> float | None:
    """Strokes of the kit a beat (shakers and hand drums aside), in bars that have any."""
    sets = [found for found in beats.bar_sets(piece) if found]
    kit = np.isin(piece.part("drums").pitch, (*range(35, 54), 55, 57, 59, 22, 26))
    return float(np.sum(kit)) / len(sets) / (piece.meter.bar / PPQ) if sets else None


MELODY: dict[str, Measure] = {
    "repeated 5-grams": lambda p: tunes.repetition(p, p.tune),
    "notes outside the chord resolved": lambda p: tunes.resolution(p, p.tune),
    "leaps over a fifth": lambda p: tunes.leaps(p.tune),
    "steps": lambda p: tunes.steps(p.tune),
    "longest scale run": lambda p: tunes.longest_scale(p.tune),
    "chord tones on strong beats": lambda p: tunes.on_chord(p, p.tune),
    "syncopated onsets": lambda p: tunes.syncopated(p.tune),
    "rests in eight bars": lambda p: tunes.breaths(p, p.tune),
    "statements of the commonest rhythm": lambda p: tunes.commonest_rhythm(p, p.tune),
    "clashes, strong beats": lambda p: bands.clashes(p),
    "clashes, weak beats": lambda p: bands.clashes(p, strong=False),
    "pairs too low in one part": bands.mud,
}
DRUMS: dict[str, Measure] = {
    "likeness to the bar before": beats.jaccard,
    "bars equal to the one two before": beats.exact_two,
    "ghost share of snare": lambda p: beats.ghosts(p.part("drums")),
    "velocity spread": lambda p: beats.spread(p.part("drums")),
    "syncopation": beats.syncopation,
    "strokes a beat": hits_a_beat,
    "scatter, ms": beats.scatter,
    "drift an eighth later": beats.drift,
    "kick with hat": beats.together,
}
ENSEMBLE: dict[str, Measure] = {
    "entrances and exits in 4 bars": bands.moves,
    "part that plays least": bands.least_present,
    "mean presence": bands.presence,
    "density 90/10": bands.density_range,
    "4-bar velocity sd": bands.phrase_dynamics,
    "8-bar density contrast (log)": lambda p: block_spread(np.log1p(bands.density(p))),
    "8-bar velocity contrast": lambda p: block_spread(bands.loudness(p)),
    "8-bar contrast of parts": lambda p: block_spread(parts_at_once(p)),
}
VOICES: dict[str, Measure] = {
    "top voice moves, 90 %": voice("top"),
    "displacement": voice("displacement"),
    "parallel moves": voice("parallel"),
}
STYLES = {
    "rock": "rock",
    "jazz_swing": "jazz",
    "funk": "funk",
    "soul": "soul",
    "hiphop": "hiphop",
    "lofi": "hiphop",
    "bossa": "latin",
    "bossa_nova": "latin",
    "reggae": "reggae",
    "pop": "pop",
    "afrobeat": "afrobeat",
    "salsa": "afrocuban",
}
"""Our genre to the style of a human drummer."""


def measured(pieces: Sequence[Piece], measures: dict[str, Measure]) -> dict[str, list[float]]:
    """Values of each measure over pieces that have one."""
    found = {name: [measure(p) for p in pieces] for name, measure in measures.items()}
    return {name: [v for v in values if v is not None] for name, values in found.items()}


# -- the table -------------------------------------------------------------------------------------


def bounds(values: Sequence[float]) -> str:
    """5 %, median, 95 %."""
    return " · ".join(f"{v:.2f}" for v in np.percentile(values, (5, 50, 95)))


def compared(title: str, real: dict[str, list[float]], mine: dict[str, list[float]]) -> list[str]:
    """A line for each measure."""
    rows = []
    for name, values in real.items():
        if len(values) < 3 or not mine.get(name):
            continue
        low, high = np.percentile(values, (5, 95))
        inside = float(np.mean([low <= v <= high for v in mine[name]]))
        flag = "" if inside >= 0.7 else MISSED
        rows.append(f"| {title} | {name} | {bounds(values)} | {bounds(mine[name])} | {100 * inside:.0f}{flag} |")
    return rows


MISSED = " **"


def timing(takes: Sequence[Piece], mine: dict[str, list[Piece]]) -> list[str]:
    """Scatter of drums by span, medians in ms: human takes, and ours over the share of human timing a genre asks for."""

    def medians(pieces: Sequence[Piece]) -> list[float]:
        found = [(*spans, beats.scatter(p) or 0.0) for p in pieces if (spans := beats.wander(p))]
        return [float(v) for v in np.median(found, axis=0)] if found else []

    rows = [("human drummers", 1.0, medians(takes))]
    rows += [(genre, pieces[0].amount, medians(pieces)) for genre, pieces in mine.items() if pieces[0].live]
    return [
        f"| {name} | {share:.2f} | {' | '.join(f'{v:.1f}' for v in found)} | {found[-1] / share:.1f} |"
        for name, share, found in rows
        if found
    ]


def gathered(rows: Iterable[dict[str, float]]) -> dict[str, list[float]]:
    """Columns of rows."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            found[name].append(value)
    return found


def main() -> None:
    """Measures and prints."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--corpus", type=Path, required=True)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--genres", default="")
    asked.add_argument("--length", default="90 s")
    asked.add_argument("--real", type=int)
    asked.add_argument("--all", action="store_true")
    args = asked.parse_args()
    from songs import by_genre, named

    genres = named(args.genres)
    mine = by_genre(genres, args.seeds, args.length)
    every = [piece for pieces in mine.values() for piece in pieces]
    sung = [piece for piece in every if not piece.improvised]
    length = round(float(np.median([piece.count for piece in every])))
    songs = [excerpt(song, length) for song in pop909(args.corpus, args.real)]
    takes, groups = list(groove(args.corpus, count=args.real)), list(band(args.corpus, args.real))
    tunes_, bands_ = measured(songs, MELODY), measured(groups, ENSEMBLE)
    played: dict[str | None, list[Piece]] = defaultdict(list, {None: [take for _, take in takes]})
    for style, take in takes:
        played[style].append(take)
    drums_ = {style: measured(found, DRUMS) for style, found in played.items()}
    charts = gathered(billboard(args.corpus, length))
    print(
        f"{len(every)} songs of {args.length} (median {length} bars) beside the first {length} bars of {len(songs)} songs of "
        f"POP909 and {len(charts['chords a bar'])} Billboard charts, {len(takes)} takes of drummers, {len(groups)} pieces for "
        f"bands. `{MISSED.strip()}`: fewer than seven songs in ten inside the real band.\n"
    )
    print("| | measure | real 5 · 50 · 95 % | ours 5 · 50 · 95 % | % inside |\n|---|---|---|---|---|")
    lines = compared("melody, pop909", tunes_, measured(sung, MELODY))
    lines += compared("voices, pop909", measured(songs, VOICES), measured(every, VOICES))
    lines += compared("harmony, billboard", charts, gathered(own_chart(p) for p in sung))
    lines += compared("ensemble, band", bands_, measured(every, ENSEMBLE))
    for genre in genres:
        style = STYLES.get(genre)
        style = style if style in drums_ else None
        lines += compared(f"drums, {genre} / {style or 'all'}", drums_[style], measured(mine[genre], DRUMS))
        single = compared(f"melody, {genre}", tunes_, measured(mine[genre], MELODY))
        single += compared(f"ensemble, {genre}", bands_, measured(mine[genre], ENSEMBLE))
        lines += [row for row in single if args.all or MISSED in row]
    print("\n".join(lines))
    print(
        "\n| timing | share | 4 bars | bar in 4 | beat in bar | in a beat | all, ms | all over share |\n|---|---|---|---|---|---|---|---|"
    )
    print("\n".join(timing(played[None], mine)))
    if "jazz_swing" in mine:
        print("\n| | measure | real | ours |\n|---|---|---|---|")
        print("\n".join(jazz(args.corpus, mine["jazz_swing"])))


if __name__ == "__main__":
    main()
