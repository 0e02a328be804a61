"""A project on disk (song, the song it extends, genre, the genre that extends, model) and two hundred ways to edit it."""

from __future__ import annotations

import copy
import os
import random
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomli_w

from scorekit import files, pipeline
from scorekit.catalog import CATALOG
from scorekit.errors import Diagnostic
from scorekit.render.effects import Tone
from scorekit.render.patches.base import Patch, Take
from scorekit.render.voices import Bodies, Body, Keeper
from scorekit.score import PARTS, Plan
from scorekit.shelf import Shelf

Data = dict[str, Any]
PLACES = {
    "song": "specs/song.toml", "parent": "specs/parent.toml", "genre": "genres/rock.toml", "base": "genres/base44.toml",
    "model": "models/instrument_focused.toml",
}  # fmt: skip
PARENT = """\
# What all songs of this band have in common.
genre = "rock"
model = "instrument_focused"
master.lufs = -15

[parts.pads]
level = -16
"""


class Project:
    """A shipped song in a folder of its own, with a copy of all it is made of, to be edited and saved."""

    def __init__(self, folder: Path, shipped: Path, form: str, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        song = shipped.read_text(encoding="utf-8").replace("length = ", "# length = ")
        song = song.replace('genre = "rock"', f'extends = "parent.toml"\ngenre = "rock"\nform = "{form}"')
        song = song.replace("8.3 accent", "1.3 accent")
        texts = {"song": song, "parent": PARENT}
        for kind in ("genre", "base", "model"):
            path = Path(PLACES[kind])
            found = files.load(path.parent.name, path.stem, "/nowhere/song.toml")
            assert not isinstance(found, Diagnostic)
            texts[kind] = found[1]
        self.data: dict[str, Data] = {kind: tomllib.loads(text) for kind, text in texts.items()}
        self.saved: dict[str, str] = {}
        self.past: list[dict[str, Data]] = []
        self.way = in_place
        for kind, text in texts.items():
            self.write(kind, text)

    @property
    def spec(self) -> Path:
        """The song's file."""
        return self.folder / PLACES["song"]

    def write(self, kind: str, text: str) -> None:
        """One of the files saved, in one of the ways in which editors save."""
        path = self.folder / PLACES[kind]
        path.parent.mkdir(parents=True, exist_ok=True)
        self.saved[kind] = text
        self.way(path, text)

    def edit(self, name: str) -> None:
        """One edit by its name, saved; what the last one broke is mended with it."""
        self.way = self.chance.choice((in_place, renamed, anew))
        for kind, data in self.data.items():
            if parsed(self.saved[kind]) != data:
                self.write(kind, tomli_w.dumps(data))
        self.past.append(copy.deepcopy(self.data))
        EDITS[name](self)
        for kind, data in self.data.items():
            if data != self.past[-1][kind]:
                self.write(kind, tomli_w.dumps(data))

    def mend(self) -> None:
        """What the last edit meant is taken back, with the next one."""
        self.data = self.past.pop()

    # -- what may be chosen from

    def part(self) -> str:
        """A part."""
        return self.chance.choice(PARTS)

    def section(self) -> str:
        """A section of the form, or one statement of it."""
        names = [entry.split(":")[0] for entry in self.data["song"]["form"].split()]
        name = self.chance.choice(names)
        return f"{name}/{self.chance.randint(1, names.count(name))}" if self.chance.random() < 0.4 else name

    def put(self, kind: str, *path: str, to: Any) -> None:
        """A value of a file set, tables made on the way."""
        table = self.data[kind]
        for key in path[:-1]:
            table = table.setdefault(key, {})
        table[path[-1]] = to

    def share(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number with two decimals."""
        return round(self.chance.uniform(low, high), 2)

    def cell(self, key: str, value: Any) -> None:
        """A value of one part in one section."""
        self.put("song", "sections", self.section(), "parts", self.part(), key, to=value)


def parsed(text: str) -> Data | None:
    """What a text says; None when it is broken."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


# -- how editors save --------------------------------------------------------------------------------------------------


def in_place(path: Path, text: str) -> None:
    """Written over."""
    path.write_text(text, encoding="utf-8")


def renamed(path: Path, text: str) -> None:
    """Written beside and renamed."""
    new = path.with_name(f".{path.name}.tmp")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def anew(path: Path, text: str) -> None:
    """Removed and written again."""
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")


# -- edits -------------------------------------------------------------------------------------------------------------

Edit = Callable[[Project], None]


def patched(p: Project) -> None:
    """Another sound of the same family, with one of its parameters."""
    part = p.part()
    row = p.chance.choice([row for row in CATALOG.patches if row.family == part])
    name, low, high, _ = p.chance.choice(row.params)
    p.put("song", "parts", part, "sound", to={"patch": row.name, name: p.share(low, high)})


def patterned(p: Project) -> None:
    """Another pattern of the genre for one part, in a section or throughout."""
    genre = p.data["genre"]
    lists = {
        "drums": genre["drums"]["groove"], "bass": genre["bass"]["patterns"],
        "guitar": genre["comp"]["guitar"]["rhythms"], "keys": genre["comp"]["keys"]["rhythms"],
    }  # fmt: skip
    part = p.chance.choice(list(lists))
    where = ("parts",) if p.chance.random() < 0.3 else ("sections", p.section(), "parts")
    p.put("song", *where, part, "pattern", to=p.chance.choice(lists[part])["id"])


def tuned(p: Project) -> None:
    """A tune of one's own, or bars of one's own for one part."""
    pitches = [f"{p.chance.choice('CDEGA')}4:{length}" for length in (1, 0.5, 0.5, 1, 1)]
    bars = f"{' '.join(pitches)} | {' '.join(reversed(pitches))}"
    if p.chance.random() < 0.5:
        p.put("song", "melody", to={"notes": f"chorus: {bars}"})
    else:
        p.put("song", "sections", "verse", "parts", p.chance.choice(("keys", "lead", "strings")), "notes", to=bars)


def formed(p: Project) -> None:
    """A section more, a section less, other bars, another energy, another flag."""
    entries = p.data["song"]["form"].split()
    at = p.chance.randrange(len(entries))
    name, bars, tier, *flags = entries[at].split(":")
    what = p.chance.choice(("more", "less", "bars", "tier", "flag"))
    if what == "more" and len(entries) < 6:
        entries.insert(at, f"{p.chance.choice(('bridge', 'solo', 'riff', 'verse'))}:{p.chance.randint(1, 2)}:e4")
    elif what == "less" and len(entries) > 3:
        del entries[at]
    elif what == "bars":
        entries[at] = ":".join([name, str(p.chance.randint(1, 3)), tier, *flags])
    elif what == "tier":
        entries[at] = ":".join([name, bars, f"e{p.chance.randint(1, 5)}", *flags])
    else:
        entries[at] = ":".join([name, bars, tier, p.chance.choice(("b", "h", "d", "n", "r", "v", "k+2", "t"))])
    p.data["song"]["form"] = " ".join(entries)


def grooved(p: Project) -> None:
    """A step of a groove of the genre."""
    groove = p.chance.choice(p.data["genre"]["drums"]["groove"])
    row = p.chance.choice(list(groove["rows"]))
    steps = list(groove["rows"][row])
    at = p.chance.choice([n for n, step in enumerate(steps) if step not in " |"])
    steps[at] = p.chance.choice([step for step in ".sxX" if step != steps[at]])
    groove["rows"][row] = "".join(steps)


def weighed(p: Project) -> None:
    """The weight of something that the genre chooses from."""
    genre = p.data["genre"]
    lists = (genre["drums"]["groove"], genre["drums"]["fill"], genre["bass"]["patterns"], genre["harmony"]["prog"],
             genre["comp"]["keys"]["rhythms"], genre["strings"]["behaviours"])  # fmt: skip
    p.chance.choice(p.chance.choice(lists))["w"] = p.chance.randint(1, 9)


def dropped(p: Project) -> None:
    """One of the genre's lists, shorter."""
    genre = p.data["genre"]
    rows = p.chance.choice((genre["drums"]["fill"], genre["melody"]["cells"], genre["harmony"]["sub"]))
    if len(rows) > 2:
        del rows[p.chance.randrange(len(rows))]


def mixed(p: Project) -> None:
    """The mix of a genre: level, place, room, a filter."""
    key, value = p.chance.choice(
        (("level", p.share(-18, 0)), ("pan", p.share(-1)), ("verb", p.share(0, 0.6)), ("hp", 150))
    )
    p.put("genre", "mix", p.part(), key, to=value)


def numbered(p: Project) -> None:
    """A number of a genre that says how it is played."""
    path, value = p.chance.choice((
        (("feel", "amount"), p.share(0, 0.8)), (("bass", "gate"), p.share(0.4)), (("drums", "crash"), p.share()),
        (("melody", "temp"), p.share(0.1, 0.9)), (("comp", "guitar", "push_p"), p.share()),
        (("comp", "keys", "layout_p"), p.share()), (("feel", "swing", "drums"), [[90, p.share(1, 1.4)], [150, 1.0]]),
        (("tempo", "sd"), p.chance.randint(2, 20)), (("bass", "range"), [28, p.chance.randint(45, 55)]),
        (("melody", "lane"), [p.chance.randint(57, 62), 79]), (("arrange", "parts"), [2, 3, 5, 6, 8]),
    ))  # fmt: skip
    p.put("genre", *path, to=value)


def based(p: Project) -> None:
    """A number of the genre that the genre extends."""
    path, value = p.chance.choice((
        (("strings", "lane"), [p.chance.randint(48, 56), 84]), (("pads", "max_sustain"), p.chance.choice((2, 4, 16))),
        (("comp", "guitar", "strum_ms"), p.chance.randint(0, 30)), (("mix", p.part(), "pan"), p.share(-1)),
        (("section", "verse"), {"prio": p.chance.randint(1, 9)}),
    ))  # fmt: skip
    p.put("base", *path, to=value)


def modelled(p: Project) -> None:
    """A dial, the focus, a weight, a bias or the kind of the model."""
    model, what = p.data["model"], p.chance.randrange(5)
    if what == 0:
        model[p.chance.choice(("complexity", "creativity"))] = p.share()
    elif what == 1:
        model["focus"] = p.chance.sample(PARTS, p.chance.randint(0, 2))
    elif what == 2:
        model["weights"] = {p.chance.choice(("eighth-roots", "organ-bed", "straight-eights")): p.share(0.3, 4)}
    elif what == 3:
        model["bias"] = {"bass.gate": p.share(-0.2, 0.1)}
    else:
        model["type"] = p.chance.choice(("general", "instrument_focused"))


def parented(p: Project) -> None:
    """Something that the song inherits."""
    path, value = p.chance.choice((
        (("master", "lufs"), -p.chance.randint(12, 20)), (("master", "room"), p.share()), (("master", "tone"), p.share()),
        (("parts", "pads", "level"), -p.chance.randint(8, 20)), (("parts", "keys", "density"), p.share()),
        (("dials", "complexity"), p.share()), (("resolver", "mode"), p.chance.choice(("fix", "report", "off"))),
        (("sections", "verse", "chords"), p.chance.choice(("A | D", "i | bVII", "A:2 G:2 | D"))),
    ))  # fmt: skip
    p.put("parent", *path, to=value)


def commented(p: Project) -> None:
    """A comment, blank lines, other line endings, or another order of keys, in any of the files."""
    kind = p.chance.choice(list(PLACES))
    text = tomli_w.dumps(dict(sorted(p.data[kind].items(), key=lambda row: isinstance(row[1], dict | list))))
    p.write(kind, p.chance.choice((f"# {p.chance.random()}\n\n{text}", text.replace("\n", "\r\n"), f"{text}\n\n\n")))


def broken(p: Project) -> None:
    """A mistake, in any of the files: half a save, an unknown key, a value that cannot be, a name that is not there."""
    kind = p.chance.choice(list(PLACES))
    text = tomli_w.dumps(p.data[kind])
    wrong = (
        "colour = 3\n" + text,
        "seed = = 3\n" + text,
        text[: p.chance.randint(len(text) // 4, len(text) - 20)] + '"',
    )
    p.write(kind, p.chance.choice(wrong))


def undone(p: Project) -> None:
    """Back to an earlier state of all files."""
    p.data = copy.deepcopy(p.chance.choice(p.past[-12:]))


def forgotten(p: Project) -> None:
    """What was said of a section or a part is taken back; the song gets shorter with it."""
    for kind in ("sections", "parts", "override", "melody"):
        if len(p.data["song"].get(kind, ())) > 3:
            table = p.data["song"][kind]
            del table[p.chance.choice(list(table))]
    p.data["song"].pop(p.chance.choice(("dials", "master", "melody", "energy")), None)


BPM = (124, 125, 127, 128)
"""In one feel band with the shipped tempo."""
EDITS: dict[str, Edit] = {
    "comment": commented,
    "tempo nearby": lambda p: p.put("song", "tempo", to=p.chance.choice(BPM)),
    "tempo far": lambda p: p.put("song", "tempo", to=p.chance.choice((104, 140, {"start": 116, "end": 132}, [[1, 120], [4, 126]]))),
    "seed": lambda p: p.put("song", "seed", to=p.chance.randint(1, 40)),
    "key": lambda p: p.put("song", "key", to=p.chance.choice(("A mixolydian", "A minor", "G mixolydian"))),
    "energy": lambda p: p.put("song", "energy", to=p.share()),
    "dial": lambda p: p.put("song", "dials", p.chance.choice(("complexity", "creativity")), to=p.share()),
    "master": lambda p: p.put("song", "master", p.chance.choice(("room", "tone")), to=p.share()),
    "loudness": lambda p: p.put("song", "master", "lufs", to=-p.chance.randint(12, 18)),
    "form": formed,
    "cell density": lambda p: p.cell("density", p.share()),
    "cell velocity": lambda p: p.cell("velocity", p.chance.randint(-20, 20)),
    "cell octave": lambda p: p.cell("octave", p.chance.choice((-1, 1))),
    "cell play": lambda p: p.cell("play", p.chance.random() < 0.6),
    "cell lock": lambda p: p.cell("lock", p.chance.random() < 0.6),
    "reroll": lambda p: p.cell("reroll", p.chance.randint(0, 5)),
    "pattern": patterned,
    "own notes": tuned,
    "part density": lambda p: p.put("song", "parts", p.part(), "density", to=p.share()),
    "part play": lambda p: p.put("song", "parts", p.part(), "play", to=p.chance.random() < 0.5),
    "level": lambda p: p.put("song", "parts", p.part(), "level", to=p.share(-15, 0)),
    "pan": lambda p: p.put("song", "parts", p.part(), "pan", to=p.share(-1)),
    "send": lambda p: p.put("song", "parts", p.part(), p.chance.choice(("verb", "delay")), to=p.share(0, 0.6)),
    "sound": patched,
    "section energy": lambda p: p.put("song", "sections", p.section(), "energy", to=p.chance.randint(1, 5)),
    "section key": lambda p: p.put("song", "sections", p.section(), "key", to=p.chance.choice(("B minor", "D major"))),
    "section tempo": lambda p: p.put("song", "sections", p.section(), "tempo", to=p.chance.choice((120, 126, 132))),
    "section melody": lambda p: p.put("song", "sections", p.section(), "melody", to=p.chance.choice(("hook", "solo", "none"))),
    "own chords": lambda p: p.put("song", "sections", p.section(), "chords", to=p.chance.choice(("F#m | D", "I | IV:2 V:2", "Bm:2 E:2"))),
    "intents": lambda p: p.put("song", "sections", p.section(), "intents", to=[f"1.{p.chance.randint(1, 4)} {p.chance.choice(('accent', 'stop', 'hold', 'push keys, guitar', 'crash'))}"]),
    "override": lambda p: p.put("song", "override", "bass", "gate", to=p.share(0.4)),
    "another genre": lambda p: p.put("song", "genre", to=p.chance.choice(("rock", "rock", "pop"))),
    "genre: groove": grooved,
    "genre: weight": weighed,
    "genre: list": dropped,
    "genre: mix": mixed,
    "genre: number": numbered,
    "genre's parent": based,
    "model": modelled,
    "song's parent": parented,
    "mistake": broken,
    "undo": undone,
    "take back": forgotten,
}  # fmt: skip
"""Every kind of edit, by name. Broken files are mended by the next edit that is saved."""


def deck(chance: random.Random, count: int) -> list[str]:
    """Names of edits in random order, every kind as often as any other."""
    names = [name for _ in range(-(-count // len(EDITS))) for name in chance.sample(list(EDITS), len(EDITS))]
    return names[:count]


def planned(spec: Path) -> Plan | None:
    """The song as somebody reads it who remembers nothing; None when it is broken."""
    text = files.read_text(spec)
    if isinstance(text, Diagnostic):
        return None
    return pipeline.compile_song(text, str(spec), find=files.load).plan


def rendered(plan: Plan, keeper: Keeper | None = None) -> tuple[bytes, bytes]:
    """A fresh MIDI file and a fresh WAV file."""
    performance = pipeline.perform(pipeline.compose(plan))
    sounding = pipeline.Sounding(bodies=Bodies(keeper=keeper))
    return pipeline.midi(performance), bytes(pipeline.audio(performance, sounding=sounding).wav)


class Reader:
    """The shelf as a fresh render reads it, every body once; it never writes."""

    def __init__(self) -> None:
        self.shelf, self.known = Shelf(), dict[tuple[str, Take, Tone], Body]()

    def load(self, patch: Patch, take: Take, tone: Tone) -> Body | None:
        """A body, when somebody has filed it."""
        if (patch.name, take, tone) not in self.known and (found := self.shelf.load(patch, take, tone)):
            self.known[patch.name, take, tone] = found
        return self.known.get((patch.name, take, tone))

    def save(self, patch: Patch, take: Take, tone: Tone, body: Body) -> None:
        """Keeps a body for the next."""
        self.known[patch.name, take, tone] = body
