"""Layers: what merges, what replaces, who won, and where a mistake is shown when several files speak."""

from __future__ import annotations

import pytest

from scorekit.compiler.layers import Layer, Layered, chain, options, resolve, stack, validate
from scorekit.compiler.specs import GenreSpec, SongSpec
from scorekit.compiler.toml import Document, parse
from scorekit.errors import Diagnostic, Problem

FILES = {
    "base.toml": """\
title = "base"
tempo = 90
[parts.bass]
play = true
level = -3
""",
    "middle.toml": """\
extends = "base.toml"
title = "middle"
[parts.bass]
level = -6
""",
    "a.toml": 'extends = "b.toml"\n',
    "b.toml": 'extends = "c.toml"\n',
    "c.toml": 'extends = ["a.toml"]\n',
}


def read(text: str, file: str = "song.toml") -> Document:
    """A text that can be read."""
    document = parse(text, file)
    assert isinstance(document, Document), document
    return document


def load(name: str, beside: str) -> Document | Diagnostic:
    """The files there are."""
    return read(FILES[name], name) if name in FILES else Diagnostic("file", f"there is no file '{name}'")


def lay(*texts: str) -> Layered:
    """Texts over each other."""
    documents = [read(text, f"{number}.toml") for number, text in enumerate(texts)]
    layered, wrong = stack([Layer(one, one.values) for one in documents])
    assert not wrong
    return layered


def test_tables_merge_and_everything_else_replaces() -> None:
    """A table keeps what the upper layer does not mention; a list or a number goes as a whole."""
    layered = lay("a = { x = 1, y = 2 }\nl = [1, 2, 3]\nn = 1\n", "a = { y = 3 }\nl = [9]\nn = { z = 1 }\n")
    assert layered.values == {"a": {"x": 1, "y": 3}, "l": [9], "n": {"z": 1}}


def test_tables_with_ids_merge_by_id() -> None:
    """The lower order is kept, new ones come last, and drop takes out."""
    layered = lay(
        '[d]\ng = [{ id = "a", w = 1, r = { k = "x" } }, { id = "b" }, { id = "c" }]\n',
        '[d]\ndrop = ["b"]\ng = [{ id = "n" }, { id = "a", w = 5, r = { s = "y" } }]\n',
    )
    assert layered.values["d"]["g"] == [
        {"id": "a", "w": 5, "r": {"k": "x", "s": "y"}},
        {"id": "c"},
        {"id": "n"},
    ]
    assert "drop" not in layered.values["d"]


def test_history_tells_who_won_and_what_it_beat() -> None:
    """Every writer of a key, the last one winning, each with its place."""
    layered = lay('[[g]]\nid = "a"\nw = 1\n', '\n\n[[g]]\nid = "b"\n[[g]]\nid = "a"\nw = 2\n')
    wrote = layered.history["g[a].w"]
    assert [(one.name, one.value, str(one.span)) for one in wrote] == [
        ("0.toml", 1, "0.toml:3:5"),
        ("1.toml", 2, "1.toml:7:5"),
    ]
    assert layered.winner("g[a].w") == wrote[-1]
    assert str(layered.span("g[a].id")) == "1.toml:6:6"


def test_a_replaced_list_leaves_no_history_of_items_that_are_gone() -> None:
    """Only keys that exist have a history."""
    assert "l.2" not in lay("l = [1, 2, 3]\n", "l = [9]\n").history


def test_extends_lays_the_file_over_what_it_names() -> None:
    """The nearest file wins; what it beat is remembered."""
    layered, wrong = resolve(read('extends = "middle.toml"\ngenre = "funk"\n'), load)
    assert not wrong
    assert (layered.values["title"], layered.values["tempo"]) == ("middle", 90)
    assert layered.values["parts"]["bass"] == {"play": True, "level": -6}
    assert [one.value for one in layered.history["parts.bass.level"]] == [-3, -6]


def test_a_file_met_twice_is_laid_once() -> None:
    """Two files that share a ground do not let the ground win over the first of them."""
    layers, wrong = chain(read('extends = ["middle.toml", "base.toml"]\n'), load)
    assert not wrong
    assert [layer.name for layer in layers] == ["base.toml", "middle.toml", "song.toml"]


def test_a_ring_is_told_with_its_chain() -> None:
    """a extends b extends c extends a."""
    _, wrong = resolve(read(FILES["a.toml"], "a.toml"), load)
    assert [one.message for one in wrong] == ["extends itself: a.toml → b.toml → c.toml → a.toml"]
    assert str(wrong[0].span) == "c.toml:1:12"


def test_a_missing_file_is_told_where_it_is_named() -> None:
    """The place is the name inside the list."""
    _, wrong = resolve(read('extends = ["base.toml", "nowhere.toml"]\n'), load)
    assert [(str(one.span), one.message) for one in wrong] == [("song.toml:1:25", "there is no file 'nowhere.toml'")]


def test_a_mistake_is_shown_in_the_file_that_wrote_the_winning_value() -> None:
    """The song is innocent of what it only inherits, and guilty of what it overrides."""
    FILES["bad.toml"] = "tempo = 900\nseed = -1\n"
    layered, _ = resolve(read('extends = "bad.toml"\ngenre = "funk"\nseed = -2\n'), load)
    spec, wrong = validate(SongSpec, layered)
    assert spec is None
    assert [str(one.span) for one in wrong] == ["bad.toml:1:9", "song.toml:3:8"]


@pytest.mark.parametrize(
    ("own", "place"), [("min = 200", "own.toml:2:7"), ("mean = 200", "own.toml:2:8"), ("max = 9", "own.toml:2:7")]
)
def test_values_that_disagree_are_told_where_the_last_was_written(own: str, place: str) -> None:
    """Of two files the upper one is to be mended: what lies below was right before."""
    base, upper = read("[tempo]\nmin = 90\nmean = 100\nmax = 110\n", "base.toml"), read(f"[tempo]\n{own}\n", "own.toml")
    layered, _ = stack([Layer(base, base.values), Layer(upper, upper.values)])
    found = Problem("tempo.mean", "no", beside=("tempo.min", "tempo.max"))
    assert str(layered.diagnose(found).span) == place
    assert str(layered.diagnose(Problem("tempo.mean", "no")).span) == ("base.toml:3:8" if "mean" not in own else place)


def test_override_of_a_song_is_a_layer_over_the_genre() -> None:
    """Its mistakes are shown in the song, and its drop is meant for the genre's lists."""
    song = read('genre = "g"\n[override.bass]\nrange = [1, 2, 3]\n[override.drums]\ndrop = ["a"]\n')
    genre = read('[drums]\ngroove = [{ id = "a" }]\n', "g.toml")
    layered, wrong = stack([Layer(genre, genre.values), Layer(song, song.values).within("override")])
    assert not wrong
    assert layered.values["drums"]["groove"] == []
    assert str(layered.span("bass.range")) == "song.toml:3:9"
    _, wrong = validate(GenreSpec, layered)
    assert "song.toml:3:9" in [str(one.span) for one in wrong]


def test_options_are_the_last_layer() -> None:
    """A value is TOML where it can be, text where it cannot; mistakes point at the option."""
    settings = [
        "tempo=100",
        "key=E dorian",
        "parts.bass.play=false",
        'sections."B/2".bars=4',
        "master.lufs=3",
        "title=12 Bars",
    ]
    layers, wrong = options(settings)
    assert not wrong
    layered, _ = resolve(read('genre = "funk"\ntempo = 90\n'), load, *layers)
    assert (layered.values["tempo"], layered.values["key"], layered.values["title"]) == (100, "E dorian", "12 Bars")
    assert layered.values["sections"] == {"B/2": {"bars": 4}}
    _, mistakes = validate(SongSpec, layered)
    assert [one.render().split("\n")[0] for one in mistakes] == ["--set:1:13: error: lufs is 3, allowed is -30 to -6"]
    assert str(layered.span("key", 2)) == "--set:1:7"


def test_what_is_no_option_is_refused() -> None:
    """No equals sign, no key, or a key TOML cannot read."""
    layers, wrong = options(["tempo", "=3", "a b=1", "a=1\nb=2"])
    assert [one.message for one in wrong] == ["not key=value", "not key=value", "'a b' is not a key"]
    assert [layer.values for layer in layers] == [{"a": "1\nb=2"}]


def test_thousands_of_mistakes_are_cut_short() -> None:
    """A hundred are told, and how many more there are."""
    layered = lay('genre = "funk"\n' + "".join(f"k{number} = 1\n" for number in range(1000)))
    _, wrong = validate(SongSpec, layered)
    assert len(wrong) == 101
    assert wrong[-1].message == "and 900 more mistakes"
