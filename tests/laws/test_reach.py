"""How far an edit reaches, for each kind of edit, as text to read: what ran again, whose notes changed, how much sound."""

from __future__ import annotations

from collections.abc import Iterable

from syrupy.assertion import SnapshotAssertion

from scorekit import files, pipeline
from scorekit.diff import spoken
from scorekit.errors import Diagnostic
from scorekit.rehearsal import Rehearsal
from scorekit.render.dsp import RATE
from scorekit.score import PARTS, Plan

SONG = """\
title = "Reach"
genre = "rock"
seed = 11
tempo = 120
key = "A minor"
form = "intro:2:e2 verse:4:e3 chorus:4:e4 verse:4:e3 chorus:4:e5"
"""
EDITS: dict[str, tuple[str, str, str]] = {
    "a comment": ("song", "seed = 11", "seed = 11   # a comment"),
    "a part's level": ("song", "", "[parts.keys]\nlevel = -9\n"),
    "a part's reverb": ("song", "", "[parts.lead]\nverb = 0.5\n"),
    "the loudness of the whole": ("song", "", "[master]\nlufs = -16\n"),
    "a denser bass in the first chorus": ("song", "", '[sections."chorus/1".parts.bass]\ndensity = 0.9\n'),
    "another take of the lead in the first chorus": ("song", "", '[sections."chorus/1".parts.lead]\nreroll = 2\n'),
    "another groove of the drums in the verses": ("song", "", '[sections.verse.parts.drums]\npattern = "four-bar-road"\n'),
    "a tempo nearby": ("song", "tempo = 120", "tempo = 118"),
    "a tempo far away": ("song", "tempo = 120", "tempo = 96"),
    "another key": ("song", "A minor", "B minor"),
    "a new bridge before the last chorus": ("song", "chorus:4:e5", "bridge:4:e3 chorus:4:e5"),
    "another genre": ("song", 'genre = "rock"', 'genre = "pop"'),
    "a kick more in one groove of the genre": ("genres", '"X... .... X... ....|X', '"X... .... X... ..x.|X'),
    "a high-pass on the bass in the genre's mix": ("genres", 'bass = { patch = "picked",', 'bass = { patch = "picked", hp = 60,'),
    "a dial of the model": ("models", "complexity = 0.5", "complexity = 0.7"),
}  # fmt: skip
"""By what it is: the file, and what is replaced there by what; nothing replaced: put at the end."""


def planned(kind: str = "", old: str = "", new: str = "") -> Plan:
    """The song with one edit."""

    def edited(text: str, here: bool) -> str:
        if not here:
            return text
        assert old in text, "nothing to be edited"
        return text.replace(old, new, 1) if old else f"{text}\n{new}"

    def find(asked: str, name: str, beside: str) -> tuple[str, str] | Diagnostic:
        found = files.load(asked, name, beside)
        ours = name in ("rock", "instrument_focused") and asked == kind
        return found if isinstance(found, Diagnostic) else (found[0], edited(found[1], ours))

    compiled = pipeline.compile_song(edited(SONG, kind == "song"), "song.toml", find=find)
    assert compiled.plan is not None, [d.render() for d in compiled.diagnostics]
    return compiled.plan


def cells(found: Iterable[tuple[str, str]], plan: Plan) -> str:
    """(section, part) in words: parts that share their sections together."""
    among = [placement.section.id for placement in plan.placements]
    places: dict[str, list[str]] = {}
    for section, part in found:
        places.setdefault(part, []).append(section)
    shared: dict[tuple[str, ...], list[str]] = {}
    for part, sections in places.items():
        shared.setdefault(tuple(sorted(sections, key=among.index)), []).append(part)
    rows = [
        f"{' '.join(sorted(parts, key=[*PARTS, ''].index))} in {spoken(sections, among)}".removeprefix(" in ")
        for sections, parts in shared.items()
    ]
    return "; ".join(sorted(rows)) or "–"


def reach(name: str) -> str:
    """What an edit costs, in words."""
    rehearsal = Rehearsal()
    first = rehearsal.music(planned())
    assert first is not None
    rehearsal.sound(first.performance)
    music = rehearsal.music(planned(*EDITS[name]))
    if music is None:
        return "  no new version: nothing ran, nothing was rendered"
    heard = rehearsal.sound(music.performance)
    stages: dict[str, list[tuple[str, str]]] = {}
    for stage, _ in music.ran:
        kind, place = stage.split("/", 1)
        found = [p.section.id for p in music.plan.placements if f"{place}/".startswith(f"{p.section.id}/")]
        stages.setdefault(kind, []).append((found[0], place.removeprefix(found[0]).removeprefix("/")))
    notes = [(s, c.part) for c in music.changes if c.kind == "notes" for s in c.sections]
    seconds, whole = sum(b - a for a, b in heard.changed) / RATE, heard.desk.n / RATE
    rows = {"played": "play", "reconciled": "reconcile", "performed": "perform"}
    lines = [f"  {word:<15}{cells(stages.pop(kind, ()), music.plan)}" for word, kind in rows.items()]
    lines += [
        f"  {word:<15}{cells(found, music.plan)}" for word, found in (*sorted(stages.items()), ("notes changed", notes))
    ]
    return "\n".join([*lines, f"  {'mixed again':<15}{seconds:.0f} of {whole:.0f} s"])


def test_how_far_an_edit_reaches(snapshot: SnapshotAssertion) -> None:
    """For each kind of edit: the stages that ran with their cells, the cells whose notes changed, the sound mixed again."""
    assert "\n\n".join(f"{name}\n{reach(name)}" for name in EDITS) + "\n" == snapshot
