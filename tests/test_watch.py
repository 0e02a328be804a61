"""Watch mode: every way of saving is seen, mistakes leave the last good files, and nothing is rendered without need."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import pytest

from scorekit import files, pipeline, sounds, watch, writing
from scorekit.shelf import broken
from scorekit.sounds import Event, Job, sounded
from scorekit.watch import Watch

from .kills import Victim, fresh

SONG = """\
genre = "rock"
seed = 1
tempo = 120
key = "A minor"
form = "verse:2:e3 chorus:2:e4"
"""


class Stage:
    """A watch driven by hand, and what it told."""

    def __init__(self, folder: Path, *paths: str, sound: bool = False) -> None:
        self.folder, self.events = folder, list[Event]()
        self.watch = Watch(list(paths or ("song.toml",)), folder / "out", self.events.append, sound=sound)

    def __enter__(self) -> Stage:
        self.watch.__enter__()
        self.watch.look()
        return self

    def __exit__(self, *error: object) -> None:
        self.watch.__exit__(*error)

    def until(self, done: Callable[[], object], seconds: float = 300.0) -> bool:
        """Looks as ``run`` does until something is true; the limit is for what never happens."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                return False
            self.watch.look(self.watch.wake.wait(0.5))
        return True

    def idle(self, seconds: float = 0.7) -> None:
        self.until(lambda: False, seconds)

    def kinds(self, *kinds: str) -> list[Event]:
        return [event for event in self.events if event.kind in kinds]

    def midi(self, name: str = "song") -> bytes:
        return (self.folder / "out" / f"{name}.mid").read_bytes()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "song.toml").write_text(SONG)
    return tmp_path  # type: ignore[return-value]


def expected(text: str, file: str = "song.toml") -> bytes:
    plan = pipeline.compile_song(text, file, find=files.load).plan
    assert plan is not None
    return pipeline.midi(pipeline.perform(pipeline.compose(plan)))


# -- how editors save --------------------------------------------------------------------------------------------------


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def slowly(path: Path, text: str) -> None:
    with open(path, "w") as file:
        for start in range(0, len(text), 30):
            file.write(text[start : start + 30])
            file.flush()
            time.sleep(0.01)


def empty_first(path: Path, text: str) -> None:
    path.write_text("")
    time.sleep(0.06)
    path.write_text(text)


def renamed(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.tmp")
    new.write_text(text)
    os.replace(new, path)


def vim(path: Path, text: str) -> None:
    path.with_name("4913").write_text("")
    path.with_name("4913").unlink()
    backup = path.with_name(path.name + "~")
    os.rename(path, backup)
    path.write_text(text)
    backup.unlink()


def emacs(path: Path, text: str) -> None:
    lock = path.with_name(".#" + path.name)
    lock.symlink_to("someone@somewhere.1:2")
    path.with_name(path.name + "~").write_bytes(path.read_bytes())
    path.write_text(text)
    lock.unlink()


def deleted(path: Path, text: str) -> None:
    path.unlink()
    time.sleep(0.3)
    path.write_text(text)


def same_time_and_size(path: Path, text: str) -> None:
    status = path.stat()
    path.write_text(text)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def by_link(path: Path, text: str) -> None:
    target = path.with_name("versions")
    target.mkdir(exist_ok=True)
    (target / "b.toml").write_text(text)
    path.unlink()
    path.symlink_to(target / "b.toml")


SAVES = [in_place, slowly, empty_first, renamed, vim, emacs, deleted, same_time_and_size, by_link]


@pytest.mark.parametrize("save", SAVES, ids=lambda save: save.__name__)
def test_every_way_of_saving_ends_in_output_of_that_version(here: Path, save: Callable[[Path, str], None]) -> None:
    """However an editor saves, the MIDI file becomes that of the text saved, and no mistake is told on the way."""
    with Stage(here) as stage:
        assert stage.midi() == expected(SONG)
        wanted = SONG.replace("seed = 1", "seed = 7")
        save(here / "song.toml", wanted)
        assert stage.until(lambda: stage.midi() == expected(wanted))
        assert not stage.kinds("mistake", "gone")


def test_the_target_of_a_link_is_watched(here: Path) -> None:
    """A song that is a link into another folder is rendered again when the file there is saved."""
    elsewhere = here / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "real.toml").write_text(SONG)
    (here / "song.toml").unlink()
    (here / "song.toml").symlink_to("elsewhere/real.toml")
    with Stage(here) as stage:
        wanted = SONG.replace("seed = 1", "seed = 8")
        renamed(elsewhere / "real.toml", wanted)
        assert stage.until(lambda: stage.midi() == expected(wanted))


def test_a_folder_that_vanishes_and_comes_back_is_watched_again(here: Path) -> None:
    """The folder of a song moved away and made anew: the song in the new one is rendered."""
    (here / "a").mkdir()
    (here / "a" / "song.toml").write_text(SONG)
    with Stage(here, "a/song.toml") as stage:
        os.rename(here / "a", here / "b")
        stage.idle(0.5)
        wanted = SONG.replace("seed = 1", "seed = 9")
        (here / "a").mkdir()
        (here / "a" / "song.toml").write_text(wanted)
        assert stage.until(lambda: stage.midi() == expected(wanted))


def test_a_burst_of_saves_ends_in_the_last(here: Path) -> None:
    """Fifty saves in half a second end in the output of the last, with ten renders at most."""
    with Stage(here) as stage:
        for seed in range(100, 150):
            (here / "song.toml").write_text(SONG.replace("seed = 1", f"seed = {seed}"))
            time.sleep(0.01)
        last = SONG.replace("seed = 1", "seed = 149")
        assert stage.until(lambda: stage.midi() == expected(last))
        assert len(stage.kinds("midi")) <= 11


# -- what a song depends on --------------------------------------------------------------------------------------------


def test_what_the_song_is_made_of_is_watched(here: Path) -> None:
    """A save of the song's own genre, of the song it extends, or of its model renders it again."""
    for kind, name in (("genres", "rock"), ("models", "instrument_focused")):
        (here / kind).mkdir()
        (here / kind / f"{name}.toml").write_text(files.load(kind, name, "/nowhere/song.toml")[1])  # type: ignore[index]
    (here / "base.toml").write_text(SONG)
    (here / "song.toml").write_text('extends = "base.toml"\nseed = 3\n')
    with Stage(here) as stage:
        (here / "base.toml").write_text(SONG.replace("A minor", "C minor"))
        assert stage.until(lambda: len(stage.kinds("midi")) == 2)
        genre = (here / "genres" / "rock.toml").read_text()
        renamed(here / "genres" / "rock.toml", genre + "\n# a comment\n")
        assert stage.until(lambda: stage.kinds("same")), "a comment in a genre"
        renamed(here / "genres" / "rock.toml", genre + "\n= broken\n")
        assert stage.until(lambda: stage.kinds("mistake")), "a mistake in a genre"


def test_a_model_and_a_linked_genre_are_watched(here: Path) -> None:
    """A dial turned in the model's file renders the song again; so does a save of the file that a linked genre leads to."""
    for kind, name in (("genres", "rock"), ("models", "instrument_focused")):
        (here / kind).mkdir()
        (here / kind / f"{name}.toml").write_text(files.load(kind, name, "/nowhere/song.toml")[1])  # type: ignore[index]
    (here / "elsewhere").mkdir()
    real = here / "elsewhere" / "ours.toml"
    os.rename(here / "genres" / "rock.toml", real)
    (here / "genres" / "rock.toml").symlink_to(real)
    model = here / "models" / "instrument_focused.toml"
    with Stage(here) as stage:
        renamed(model, model.read_text().replace("complexity = 0.5", "complexity = 0.9"))
        assert stage.until(lambda: len(stage.kinds("midi")) == 2), "the model"
        renamed(real, real.read_text().replace('bass = { patch = "picked",', 'bass = { patch = "picked", hp = 60,'))
        assert stage.until(lambda: len(stage.kinds("midi")) == 3), "the genre behind the link"
        music = stage.kinds("midi")[-1].music
        assert music is not None and ["high-pass" in change.words for change in music.changes] == [True]
        assert stage.midi() == expected((here / "song.toml").read_text())


def test_the_midi_file_of_a_tune_is_watched(here: Path, root: Path) -> None:
    """A song that takes its tune from a MIDI file is rendered again when that file is saved; a broken one is a mistake."""
    name = "auld-lang-syne"
    for kind in ("toml", "mid"):
        (here / f"{name}.{kind}").write_bytes((root / "specs" / f"{name}.{kind}").read_bytes())
    tune = here / f"{name}.mid"
    good = tune.read_bytes()
    with Stage(here, f"{name}.toml") as stage:
        assert stage.kinds("midi"), stage.events
        before = stage.midi(name)
        tune.write_bytes(transposed(good))
        assert stage.until(lambda: len(stage.kinds("midi")) == 2)
        assert stage.midi(name) != before
        tune.write_bytes(good[:20])
        assert stage.until(lambda: stage.kinds("mistake"))
        tune.write_bytes(good)
        assert stage.until(lambda: stage.midi(name) == before)


def transposed(data: bytes) -> bytes:
    """A MIDI file a tone up."""
    file = mido.MidiFile(file=io.BytesIO(data))
    for track in file.tracks:
        for message in track:
            if message.type in ("note_on", "note_off"):
                message.note += 2
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def test_a_genre_that_was_missing_is_waited_for(here: Path) -> None:
    """A song of a genre that is not there yet is a mistake until the genre's file is written."""
    (here / "song.toml").write_text(SONG.replace("rock", "mine"))
    with Stage(here) as stage:
        assert stage.kinds("mistake") and not (here / "out" / "song.mid").exists()
        (here / "genres").mkdir()
        (here / "genres" / "mine.toml").write_text('[genre]\nname = "Mine"\nextends = "rock"\n')
        assert stage.until(lambda: stage.kinds("midi"))


# -- what makes no render ----------------------------------------------------------------------------------------------


def test_comments_touches_and_neighbours_render_nothing(here: Path) -> None:
    """A comment and a touch say that nothing changed; swap files, other files and our own output say nothing at all."""
    with Stage(here) as stage:
        before = (here / "out" / "song.mid").stat().st_mtime_ns
        (here / "song.toml").write_text("# hello\n" + SONG)
        assert stage.until(lambda: stage.kinds("same"))
        os.utime(here / "song.toml")
        assert stage.until(lambda: len(stage.kinds("same")) == 2)
        for name in (".song.toml.swp", "notes.txt", "4913", "song.toml~", "other.wav"):
            (here / name).write_text("x")
        os.chmod(here / "song.toml", 0o600)
        stage.idle(1.5)
        assert len(stage.kinds("midi")) == 1 and len(stage.kinds("same")) == 2
        assert (here / "out" / "song.mid").stat().st_mtime_ns == before


def test_output_inside_the_watched_folder_is_no_loop(here: Path) -> None:
    """A folder that is watched and written into settles: one render of each song, then silence."""
    (here / "two.toml").write_text(SONG.replace("seed = 1", "seed = 2"))
    events: list[Event] = []
    with Watch([str(here)], here, events.append, sound=False) as watch:
        for _ in range(4):
            watch.look(watch.wake.wait(0.5))
    assert sorted(e.song for e in events if e.kind == "midi") == ["song", "two"]
    assert len(events) == 2


def test_a_song_that_joins_a_watched_folder_is_rendered(here: Path) -> None:
    """A new file in a watched folder is rendered; a genre or a project's settings in it are not taken for songs."""
    with Stage(here, str(here)) as stage:
        (here / "pyproject.toml").write_text('[project]\nname = "x"\n')
        (here / "late.toml").write_text(SONG)
        assert stage.until(lambda: (here / "out" / "late.mid").exists())
        assert not stage.kinds("mistake")


def test_a_crowd_of_neighbours_is_no_trouble(here: Path) -> None:
    """Hundreds of files that come and go beside the song, names that are no text among them, hide no save."""
    with Stage(here) as stage:
        for number in range(400):
            (here / f"n{number}.toml~").write_text("x")
        for name in (b"\xff\xfe.toml", b"\xc3\x28.toml", b"line\nbreak.toml"):
            with open(os.path.join(os.fsencode(here), name), "wb") as file:
                file.write(b"x")
        wanted = SONG.replace("seed = 1", "seed = 11")
        (here / "song.toml").write_text(wanted)
        assert stage.until(lambda: stage.midi() == expected(wanted))
        assert not stage.kinds("mistake", "gone", "trouble")


def test_an_output_folder_that_is_removed_is_made_again(here: Path) -> None:
    """When the folder of the outputs vanishes, the next version makes it again, and it belongs to this watch as before."""
    with Stage(here) as stage:
        shutil.rmtree(here / "out")
        wanted = SONG.replace("seed = 1", "seed = 12")
        (here / "song.toml").write_text(wanted)
        assert stage.until(lambda: (here / "out" / "song.mid").exists() and stage.midi() == expected(wanted))
        with pytest.raises(writing.Busy), writing.claim(here / "out", "song.watch"):
            pass


# -- mistakes ----------------------------------------------------------------------------------------------------------


def test_a_mistake_keeps_the_last_good_files_and_mending_recovers(here: Path) -> None:
    """Five times a broken save is told once, leaves the files as they were, and the next good save is rendered."""
    with Stage(here) as stage:
        for turn in range(5):
            good = stage.midi()
            (here / "song.toml").write_text(SONG.replace('"A minor"', '"A miner'))
            assert stage.until(lambda turn=turn: len(stage.kinds("mistake")) == turn + 1)  # type: ignore[misc]
            stage.idle(0.3)
            assert stage.midi() == good and len(stage.kinds("mistake")) == turn + 1
            wanted = SONG.replace("seed = 1", f"seed = {turn + 20}")
            (here / "song.toml").write_text(wanted)
            assert stage.until(lambda wanted=wanted: stage.midi() == expected(wanted))  # type: ignore[misc]


def test_mending_to_the_same_music_says_so(here: Path) -> None:
    """A mistake mended by undoing it renders nothing."""
    with Stage(here) as stage:
        (here / "song.toml").write_text("tempo = ")
        assert stage.until(lambda: stage.kinds("mistake"))
        (here / "song.toml").write_text(SONG)
        assert stage.until(lambda: stage.kinds("same"))
        assert stage.kinds("same")[0].words == "mended, and as it was"


def test_a_song_that_is_gone_is_told_once_and_comes_back(here: Path) -> None:
    """A deleted song is told after a while, once, whoever comes and goes beside it; put back, it is as it was."""
    with Stage(here) as stage:
        (here / "song.toml").unlink()
        assert stage.until(lambda: stage.kinds("gone"))
        (here / "songs.toml").write_text(SONG)  # its name would be a better hint
        stage.idle(1.2)
        assert [event.words for event in stage.kinds("gone")] == ["cannot be read; the last good files stay"]
        (here / "song.toml").write_text(SONG)
        assert stage.until(lambda: stage.kinds("same"))


def test_a_song_that_was_never_good_has_no_files_to_stay(here: Path) -> None:
    """A song that begins with a mistake is not told to have good files."""
    (here / "song.toml").write_text('genre = "rok"\n')
    with Stage(here) as stage:
        assert [event.words for event in stage.kinds("mistake")] == ["there are no files of it yet"]


def test_a_full_or_closed_disk_is_told_and_tried_again(here: Path) -> None:
    """Output that cannot be written is told once; when it can, the version that waited is written."""
    with Stage(here) as stage:
        (here / "out" / "song.mid").unlink()
        (here / "out" / "song.mid").mkdir()
        (here / "song.toml").write_text(SONG.replace("seed = 1", "seed = 5"))
        assert stage.until(lambda: stage.kinds("trouble"))
        stage.idle(1.2)
        assert len(stage.kinds("trouble")) == 1
        (here / "out" / "song.mid").rmdir()
        assert stage.until(lambda: len(stage.kinds("midi")) == 2)


# -- sound -------------------------------------------------------------------------------------------------------------


def test_sound_follows_and_only_the_newest(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MIDI comes first, WAV after; a version that a newer save overtakes at work gives up its sound, and the last one's is right."""

    def overtaken(job: Job, there: bool = False) -> Event:
        assert job.music.plan.seed in ("1", "33") or job.old.wait(60.0)
        return sounded(job, there)

    monkeypatch.setattr(sounds, "sounded", overtaken)
    with Stage(here, sound=True) as stage:
        assert stage.watch.sounds.idle(300.0)
        assert [event.kind for event in stage.events] == ["midi", "wav"]
        for seed in (31, 32, 33):
            (here / "song.toml").write_text(SONG.replace("seed = 1", f"seed = {seed}"))
            stage.watch.look(True)
        assert stage.watch.sounds.idle(300.0)
    plan = pipeline.compile_song(SONG.replace("seed = 1", "seed = 33"), "song.toml", find=files.load).plan
    assert plan is not None
    fresh = pipeline.audio(pipeline.perform(pipeline.compose(plan)))
    assert (here / "out" / "song.wav").read_bytes() == bytes(fresh.wav)
    first, *_, last = (event.music for event in stage.kinds("midi"))
    assert [event.music for event in stage.kinds("wav")] == [first, last]


def test_what_is_told_of_notes_gives_way_to_their_sound(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their file is there at once; what changed is found when the sound is in its place: both would wait for each other."""
    monkeypatch.setattr(watch, "SOON", 60.0)
    there = dict[str, bool]()
    with Stage(here, sound=True) as stage:
        stage.watch.sounds.idle(300.0)
        (here / "out" / "song.wav").unlink()
        stage.watch.listen = lambda event: there.update({event.kind: (here / "out" / "song.wav").exists()})
        (here / "song.toml").write_text(SONG.replace("seed = 1", "seed = 2"))
        stage.watch.wake.clear()
        monkeypatch.setattr(stage.watch.wake, "is_set", lambda: False)
        stage.watch.look(True)
        assert there == {"midi": True}


@pytest.mark.parametrize("newer", [False, True])
def test_slow_sound_keeps_nobody_from_hearing_of_notes(
    here: Path, monkeypatch: pytest.MonkeyPatch, newer: bool
) -> None:
    """What changed is told while the sound is still being made, when that takes its time or something newer is there."""
    monkeypatch.setattr(watch, "SOON", 60.0 if newer else 0.05)
    with Stage(here, sound=True) as stage:
        stage.watch.sounds.idle(300.0)
        held = threading.Event()
        monkeypatch.setattr(sounds, "sounded", lambda *job: Event("dropped", "song", 0.0) if held.wait(60.0) else None)
        (here / "song.toml").write_text(SONG.replace("seed = 1", "seed = 2"))
        with monkeypatch.context() as patch:
            patch.setattr(stage.watch.wake, "is_set", lambda: newer)
            stage.watch.look(True)
        assert len(stage.kinds("midi")) == 2 and not stage.watch.sounds.idle(0.0)
        held.set()
        assert stage.watch.sounds.idle(300.0) and stage.events[-1].kind == "dropped"


def test_sound_that_could_not_be_written_is_written_when_it_can_be(here: Path) -> None:
    """It is told once, nothing is there but whole files, and without another save the sound comes as soon as its place is free."""
    (here / "out" / "song.wav").mkdir(parents=True)
    with Stage(here, sound=True) as stage:
        assert stage.until(lambda: stage.kinds("trouble"))
        assert stage.until(lambda: stage.kinds("dropped"))
        stage.idle(1.5)
        assert len(stage.kinds("trouble")) == 1 and len(stage.kinds("midi")) == 1
        (here / "out" / "song.wav").rmdir()
        assert stage.until(lambda: stage.kinds("wav"))
        music = stage.kinds("midi")[0].music
        assert music is not None and stage.kinds("wav")[0].music is music
        fresh = pipeline.audio(music.performance)
        assert (here / "out" / "song.wav").read_bytes() == bytes(fresh.wav)


# -- the command -------------------------------------------------------------------------------------------------------


def started(here: Path, *options: str, out: str = "out", sound: bool = False) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "scorekit", "watch", "song.toml", "-o", out, *options]
    command += [] if sound else ["--midi-only"]
    return subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_tells_lines_of_json_and_ends_cleanly(here: Path) -> None:
    """--json tells an event a line; SIGTERM ends with 143, and locks and temporary files are gone."""
    process = started(here, "--json")
    assert process.stdout is not None
    try:
        first = json.loads(process.stdout.readline())
        assert first["event"] == "midi" and first["first"] and first["files"] == ["out/song.mid"]
        (here / "song.toml").write_text(SONG.replace("seed = 1", "seed = 4"))
        second = json.loads(process.stdout.readline())
        assert second["changes"][0]["words"] == "seed 1 -> 4" and second["ran"] and not second["first"]
    finally:
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=300)
    assert process.returncode == 143 and "Traceback" not in words
    assert sorted(path.name for path in (here / "out").iterdir()) == ["song.mid"]


def test_the_command_tells_people_what_changed_and_why(here: Path) -> None:
    """A line a version on standard error; --why names stages and the inputs that differed; a second watch is refused."""
    process = started(here, "--why")
    assert process.stderr is not None
    try:
        assert process.stderr.readline().startswith("✓ song ")
        assert "for the first time" in process.stderr.readline()
        other = started(here)
        _, words = other.communicate(timeout=300)
        assert other.returncode == 4 and "another watch writes into out" in words
        (here / "song.toml").write_text(SONG + "\n[sections.chorus.parts.bass]\nreroll = 2\n")
        line = process.stderr.readline()
        assert "bass in chorus: " in line and " · mid " in line
        assert "play/chorus/1/bass" in process.stderr.readline()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=300)


def test_killed_at_any_moment_it_leaves_whole_files(tmp_path: Path) -> None:
    """Twelve renders and watches killed without warning, half of them while they write: each file is that of a version, a
    render's two belong together, and the next start is clean: no lock, no temporary file, no broken body on the shelf. (One
    that was over too soon to be killed counts for none.)"""
    victim = Victim(tmp_path, seed=3)
    for turn in range(60):
        victim.killed(turn)
        victim.outputs()
        if victim.seen["mid-render"] == 12:
            break
    victim.next_start()
    assert victim.seen["mid-render"] == 12 and not victim.seen["mixed"], victim.seen


def test_two_watches_share_a_shelf(here: Path) -> None:
    """Two watches that start cold at once, each with its own output, both get their sound right, and leave a whole shelf."""
    watches = [started(here, "--json", out=out, sound=True) for out in ("one", "two")]
    try:
        for process in watches:
            assert process.stdout is not None
            assert [json.loads(process.stdout.readline())["event"] for _ in range(2)] == ["midi", "wav"]
    finally:
        for process in watches:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=300)
    wanted = fresh(SONG)[1]
    assert all((here / out / "song.wav").read_bytes() == wanted for out in ("one", "two"))
    bodies = [path for path in (Path(os.environ["SCOREKIT_HOME"]) / "cache" / "bodies").rglob("*") if path.is_file()]
    assert len(bodies) > 50 and not [path for path in bodies if path.name.startswith(".") or broken(path)]


def test_version_after_version_leaves_nothing_behind(here: Path) -> None:
    """Forty versions, with sound: no thread, no descriptor and no file more than after ten. (Memory, over a thousand versions, is
    measured by benchmarks/leaks.py.)"""
    with Stage(here, sound=True) as stage:
        held = []
        for turn in range(40):
            (here / "song.toml").write_text(SONG.replace("seed = 1", f"seed = {turn % 7}"))
            stage.watch.look(True)
            assert stage.watch.sounds.idle(300.0)
            stage.events.clear()
            held.append(holdings(here))
    assert all(max(now[10:]) <= max(now[:10]) for now in zip(*held, strict=True))


def holdings(folder: Path) -> tuple[int, int, int]:
    """Descriptors, threads, and files written outside the shelf."""
    return len(os.listdir("/proc/self/fd")), threading.active_count(), sum(1 for _ in (folder / "out").iterdir())
