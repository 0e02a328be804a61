"""What musicians ask of a song in words or shapes of their own, and how it is written here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from unicodedata import combining, normalize

from scorekit.compiler.specs import PartSpec
from scorekit.score import PARTS

_SONG = {
    "song": "what holds for the whole song stands at the top of the file, in no table",
    "swing": "for this song alone: [override.feel] swing_unit = 8, and swing.drums = [[120, 1.7]], swing.comp ...; 1 straight, 2 triplets",
    "humanize": "for this song alone: [override.feel] amount = 0.3, 0 on the grid to 1 loose",
    "fade": "nothing fades; bands end: fade it where it is mixed, or write loop = true and fade it where it is played",
    "count in": "nobody counts in: begin with a bar of drums alone, in a section of its own",
    "lyrics": "words are not sung; keep them after a #",
    "pickup": 'an upbeat stands in the last bar of the section before: [melody] notes = "intro: . | . . . E4"',
    "transpose": 'write the key itself; from a section on: intents = ["key lift +2"]',
    "mood": "key, tempo and energy make it: energy is 0 calm to 1 wild",
    "bars": 'write length = "16 bars"',
    "mute": "write [parts.NAME] play = false",
    "solo": 'for a soloist write [sections.NAME] melody = "solo"; to hear one part alone, render with --stems',
    "reverb": "a part's is [parts.NAME] verb; all share the room of [master] room",
    "loudness": "write [master] lufs = -14",
}
_SECTION = _SONG | {
    "solo": 'write melody = "solo"',
    "mute": "write [sections.NAME.parts.PART] play = false",
    "dynamics": "write energy = 1 to 5",
    "loudness": "write energy = 1 to 5, or [sections.NAME.parts.PART] velocity = 5",
}
_PART = {
    "mute": "write play = false",
    "solo": "write play = false for the others, or render with --stems",
    "effects": "write verb = 0.3, delay = 0.2, or parameters of the patch in sound",
}
_SAME = {
    "shuffle": "swing",
    "humanise": "humanize",
    "fade out": "fade",
    "fadeout": "fade",
    "fade in": "fade",
    "countin": "count in",
    "words": "lyrics",
    "anacrusis": "pickup",
    "upbeat": "pickup",
    "transposition": "transpose",
    "modulate": "transpose",
    "modulation": "transpose",
    "key change": "transpose",
    "feeling": "mood",
    "vibe": "mood",
    "muted": "mute",
    "volume": "loudness",
    "dynamic": "dynamics",
    "fx": "effects",
}
_SILENT = ("no", "off", "mute", "muted", "none", "false", "silent")
_NAMED = r"(?a)(?<!\S)([A-Za-z][\w'-]*):\d"
_SPAN = r"(?a)\s*(\d{2,3}(?:\.\d+)?)\s*(?:-|–|to|\.\.|->|→)\s*(\d{2,3}(?:\.\d+)?)\s*(?:bpm)?\s*"
_TONICS = {"do": "C", "re": "D", "mi": "E", "fa": "F", "sol": "G", "la": "A", "si": "B", "h": "B"} | {
    letter: letter.upper() for letter in "abcdefg"
}
_BENDS = {"": "", "is": "#", "diese": "#", "diesis": "#", "sostenido": "#", "#": "#", "♯": "#",
          "es": "b", "s": "b", "bemol": "b", "bemolle": "b", "b": "b", "♭": "b"}  # fmt: skip
_MAJOR = ("dur", "majeur", "maggiore", "mayor", "maior", "major")
_MINOR = ("moll", "mineur", "minore", "menor", "minor")
_KEYED = f"({'|'.join(_TONICS)})[ -]?({'|'.join(_BENDS)})[ -]*({'|'.join(_MAJOR + _MINOR)})"
_PACES = {
    "larghissimo": 24, "grave": 40, "largo": 50, "lento": 54, "larghetto": 62, "adagio": 70, "adagietto": 74,
    "andante": 88, "andantino": 94, "moderato": 110, "allegretto": 116, "allegro": 132, "vivace": 164, "presto": 184,
    "prestissimo": 204, "very slow": 54, "slow": 72, "ballad": 72, "medium": 104, "mid": 104, "moderate": 104,
    "walking": 104, "upbeat": 124, "up": 160, "fast": 150, "quick": 150, "very fast": 184,
}  # fmt: skip
"""Quarter notes a minute that words for a tempo stand for, in the middle of what people play."""


def advice(values: Mapping[str, Any], location: tuple[str | int, ...], found: object) -> str:
    """What to write instead of a key that songs do not have, ``found`` being its value; nothing when nobody says it so."""
    *around, name = map(str, location)
    words = " ".join(name.lower().replace("-", " ").replace("_", " ").split())
    if name in PARTS and (not around or around[:-1] == ["sections"]):
        return _of_a_part([*around, "parts", name], found)
    section = name in re.findall(_NAMED, str(values.get("form", "")))
    if section and not around:
        return f"it belongs in [sections.{name}]"
    if section and around == ["tempo"] and isinstance(found, (int, float)):
        return f"write [sections.{name}] tempo = {found:g}"
    if around[:1] == ["parts"] and words in ("instrument", "kit", "preset") and isinstance(found, str):
        return f"write sound = {{ patch = {_quoted(found)} }}"
    table = (
        _SONG if not around else _PART if around[-2:-1] == ["parts"] else _SECTION if around[0] == "sections" else {}
    )
    if around == ["melody"] and isinstance(found, str):
        return f"write notes = {_quoted(f'{name}: {found}')}"
    if around == ["melody"]:
        return _SONG.get(_SAME.get(words, words), "")
    return table.get(_SAME.get(words, words), "")


def _of_a_part(path: list[str], found: object) -> str:
    """Where a part is spoken of, when no more is said of it than whether it plays, or what only parts can be told."""
    said = found.keys() if isinstance(found, Mapping) else {"play"} if silent(found) or found is True else set()
    if not said or not said <= PartSpec.entries.keys():
        return ""
    return f"write [{'.'.join(path)}]" + ("" if isinstance(found, Mapping) else f" play = {str(found is True).lower()}")


def silent(found: object) -> bool:
    """Whether a value says that somebody does not play."""
    return found is False or (isinstance(found, str) and found.strip().lower() in _SILENT)


def shaped(location: tuple[str | int, ...], found: object) -> str:
    """How to write a value of a song that has another shape here: a list of chords, a tempo from one number to another."""
    *around, name = map(str, location) if location else ("",)
    match name:
        case _ if around == ["tempo"] and _number(found):
            return "write tempo = { start = 96, end = 112 }, or by bars [[1, 96], [9, 120]]"
        case "tempo":
            if isinstance(found, str) and (pace := _paced(found)):
                return f"write tempo = {pace}" + (
                    "" if around else ", or leave it out: every genre has tempi of its own"
                )
            span = re.fullmatch(_SPAN, found) if isinstance(found, str) else None
            ends = span.groups() if span else found
            if isinstance(ends, (list, tuple)) and len(ends) == 2 and all(_number(end) for end in ends):
                return f"write tempo = {{ start = {ends[0]}, end = {ends[1]} }}"
        case "form" | "chords" if isinstance(found, (list, tuple)) and all(isinstance(one, str) for one in found):
            return f"write {name} = {_quoted((' ' if name == 'form' else ' | ').join(found))}"
        case "melody" if around:
            return f'a tune of your own stands in [melody]: notes = "{around[-1]}: E4:1 G4:3"'
        case "melody" if isinstance(found, str) and found.lower().endswith((".mid", ".midi")):
            return f"write melody = {{ midi = {_quoted(found)} }}"
        case "melody" if isinstance(found, str) and not re.match(r"(?a)\s*[\w'/-]+:\s", found):
            return f"write the section it belongs to first: melody = {{ notes = {_quoted(f'verse: {found}')} }}"
        case "melody" if isinstance(found, (list, tuple)):
            return "there is one [melody]; its notes have a line for each section"
        case _ if around[-1:] == ["parts"] and silent(found):
            return f"write {name} = {{ play = false }}"
    return ""


def keyed(text: str) -> str:
    """How to write a key that is called as it is in German, French, Italian, Spanish or Portuguese; nothing for others."""
    plain = "".join(char for char in normalize("NFKD", text) if not combining(char)).strip().lower()
    found = re.fullmatch(_KEYED, plain)
    if not found:
        return ""
    tonic, mode = _TONICS[found[1]] + _BENDS[found[2]], "minor" if found[3] in _MINOR else "major"
    german = plain.startswith("b") and not found[2] and found[3] in ("dur", "moll")
    return f'write key = "{tonic} {mode}"' + (f', or "Bb {mode}" if B is the German one' if german else "")


def _paced(text: str) -> int:
    """The tempo that a word stands for; 0 when it is none."""
    plain = " ".join(text.lower().replace("-", " ").replace("_", " ").split())
    return _PACES.get(plain) or next((_PACES[one] for one in plain.split() if one in _PACES), 0)


def _number(text: object) -> bool:
    return re.fullmatch(r"\d{2,3}(\.\d+)?", str(text), re.ASCII) is not None


def _quoted(text: str) -> str:
    import json

    return json.dumps(text[:120], ensure_ascii=False)
