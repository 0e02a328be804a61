"""The page in a real browser: it plays, keeps its place when the song is saved, mutes, shows mistakes, and comes back.

Wants chromium and playwright; without them it is skipped, unless SCOREKIT_REQUIRE names the browser.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SONG = """\
title = "Page Test"
genre = "rock"
seed = 1
tempo = 120
key = "A minor"
form = "intro:2:e2 verse:4:e3 chorus:4:e4"
lineup = "full"
"""
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
         "--autoplay-policy=no-user-gesture-required"]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser, or a reason to skip."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    reason = "" if found else "no chromium on this machine"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        reason = "playwright is not installed"
    if reason:
        if "browser" in os.environ.get("SCOREKIT_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


class Theatre:
    """A watch with its page, and a reader in front of it."""

    def __init__(self, folder: Path, browser: Any) -> None:
        self.folder, self.spec = folder, folder / "song.toml"
        self.spec.write_text(SONG)
        self.errors: list[str] = []
        self.address = self.start("18900")
        self.page = browser.new_page(viewport={"width": 1440, "height": 900})
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(self.address)

    def start(self, port: str) -> str:
        """The watch, and where its page is: other runs of these tests may have that port."""
        command = [sys.executable, "-m", "scorekit", "watch", ".", "-o", "out", "--play", "--port", port]
        said = self.folder / "said.log"
        with said.open("w") as told:
            self.watch = subprocess.Popen(command, cwd=self.folder, stderr=told)
        self.wait(lambda: "\n" in said.read_text(), "an address")
        return said.read_text().splitlines()[0].removeprefix("listen at ")

    def stop(self) -> None:
        self.watch.send_signal(signal.SIGTERM)
        self.watch.wait(300)

    def ask(self, script: str) -> Any:
        return self.page.evaluate(f"() => {script}")

    def until(self, script: str, seconds: float = 300.0) -> None:
        """Waits in here, since the page allows no code in strings."""
        self.wait(lambda: self.ask(script), script, seconds)

    def wait(self, done: Callable[[], Any], what: str, seconds: float = 300.0) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"never: {what}"
            time.sleep(0.03)

    def heard(self, version: int) -> None:
        self.until(f"scorekit.state.heard.endsWith('/{version}') && scorekit.sound.take.version === {version}")


@pytest.fixture(scope="module")
def theatre(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    made = Theatre(tmp_path_factory.mktemp("theatre"), browser)
    try:
        made.heard(1)
        yield made
    finally:
        made.stop()


def test_a_song_is_seen_played_changed_broken_and_mended(theatre: Theatre, tmp_path: Path) -> None:
    """Open, play, save: the roll changes and the clock keeps its place; mute; break, read the mistake; mend, go on."""
    page = theatre.page
    version, swaps = theatre.ask("[scorekit.sound.take.version, scorekit.sound.swaps]")
    theatre.ask("scorekit.sound.seek(0)")
    assert page.text_content("#title") == "Page Test"
    assert page.locator(".part[data-part]").count() == 8
    page.keyboard.press("Space")
    theatre.until("scorekit.sound.seconds > 1.0")
    assert page.get_attribute("#play", "aria-label") == "Stop"

    before, seen = theatre.ask("[scorekit.state.time.song.notes.bass.rows.length, scorekit.roll.canvas.toDataURL()]")
    theatre.spec.write_text(SONG + "\n[sections.chorus.parts.bass]\nreroll = 2\n")
    samples = []
    clock = "scorekit.sound.context.currentTime"  # which runs late on a busy machine, and the song with it
    asked = f"[{clock}, scorekit.sound.seconds, scorekit.sound.playing && scorekit.sound.context.state === 'running']"
    end = time.monotonic() + 300
    while theatre.ask("scorekit.sound.swaps") == swaps and time.monotonic() < end:
        samples.append(theatre.ask(asked))
    theatre.heard(version + 1)
    for _ in range(10):
        samples.append(theatre.ask(asked))
        time.sleep(0.02)
    assert all(playing for _, _, playing in samples), "it stopped"
    drifts = [place - clock for clock, place, _ in samples]
    assert max(drifts) - min(drifts) < 0.15, "the song lost its place"
    assert theatre.ask("scorekit.state.time.song.notes.bass.rows.some((row) => row[4])"), f"no new notes of {before}"
    assert theatre.ask("scorekit.roll.canvas.toDataURL()") != seen, "the roll is drawn as it was"
    assert "bass in chorus" in (page.text_content("#story") or "")

    page.keyboard.press("1")
    theatre.until("scorekit.sound.bus.parted && scorekit.sound.bus.gains.get('drums').gain.value === 0")
    assert page.get_attribute(".part[data-part=drums] .mute", "aria-pressed") == "true"
    assert theatre.ask("scorekit.sound.playing && scorekit.sound.bus.gains.get('bass').gain.value === 1")

    theatre.spec.write_text(SONG.replace("tempo = 120", "tempo = "))
    theatre.until("!document.getElementById('wrong').hidden")
    assert "song.toml:4:" in (page.text_content("#wrong") or "") and "^" in (page.text_content("#wrong") or "")
    assert theatre.ask("scorekit.sound.playing")
    picture = tmp_path / "page.png"
    page.screenshot(path=str(picture))
    assert picture.stat().st_size > 20_000

    theatre.spec.write_text(SONG + "\n[sections.chorus.parts.bass]\ndensty = 1\n")
    theatre.until("document.getElementById('wrong').textContent.includes('densty')")
    assert theatre.ask("scorekit.roll.wrong") == [{"section": "chorus", "part": "bass"}], "told in its place"

    theatre.spec.write_text(SONG + '\n[sections.chorus]\nchords = "Am F C G"\n')
    theatre.until("document.getElementById('wrong').textContent.includes('4 chords share one bar')")
    assert "It is played all the same." in (page.text_content("#wrong") or "")
    assert theatre.ask("scorekit.roll.wrong") == []

    theatre.spec.write_text(SONG)
    theatre.until("document.getElementById('wrong').hidden")
    assert theatre.ask("scorekit.roll.wrong") == []
    theatre.heard(version + 3)
    page.keyboard.press("Space")
    theatre.until("!scorekit.sound.playing")
    assert theatre.errors == []


def test_another_tempo_keeps_the_musical_place(theatre: Theatre) -> None:
    """When the tempo changes while it plays, the bar stays, though its seconds are others."""
    theatre.ask("scorekit.sound.seek(2.0)")
    theatre.page.keyboard.press("Space")
    theatre.until("scorekit.sound.playing")
    version = theatre.ask("scorekit.sound.take.version")
    tick = "scorekit.sound.take.time.tick(scorekit.sound.seconds)"
    first = theatre.ask(tick)
    theatre.spec.write_text(SONG.replace("tempo = 120", "tempo = 100"))
    theatre.wait(lambda: theatre.ask("scorekit.sound.take.version") > version, "the slower version")
    seconds, after = theatre.ask("((s) => [s, scorekit.sound.take.time.tick(s)])(scorekit.sound.seconds)")
    assert first < after, "it went on from where it was"
    assert abs(seconds - after / 960 * 60 / 100) < 0.001, "at its new tempo"
    theatre.page.keyboard.press("Space")
    theatre.spec.write_text(SONG)
    theatre.wait(lambda: theatre.ask("scorekit.sound.take.version") > version + 1, "the old tempo again")


def test_keys_move_by_bars_and_sections(theatre: Theatre) -> None:
    """Home, arrows, and shifted arrows go to bars and sections; 0 hears all parts again; a click goes where it points."""
    page = theatre.page
    page.focus("#stage")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    theatre.until("document.getElementById('bar').textContent === '2.1'")
    page.keyboard.press("Shift+ArrowRight")
    theatre.until("document.getElementById('bar').textContent === '3.1'")
    page.keyboard.press("Shift+Digit2")
    assert page.get_attribute(".part[data-part=bass] .solo", "aria-pressed") == "true"
    page.keyboard.press("0")
    assert page.get_attribute(".part[data-part=bass] .solo", "aria-pressed") == "false"
    assert page.get_attribute(".part[data-part=drums] .mute", "aria-pressed") == "false"
    box = page.locator("#stage").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 200)
    theatre.until("scorekit.sound.seconds > 7")
    page.keyboard.press("Home")
    for _ in range(8):
        page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    theatre.until("document.getElementById('bar').textContent === '7.1'")
    assert theatre.ask("scorekit.roll.x(scorekit.state.time.bar(7)) < scorekit.roll.width"), (
        "where it stands is not seen"
    )
    for _ in range(8):
        page.keyboard.press("-")


def test_a_section_is_looped_to_the_sample(theatre: Theatre) -> None:
    """l plays the section again and again: at its end the clock is back at its begin, and it plays on; l again lets it go."""
    page = theatre.page
    page.focus("#stage")
    theatre.ask("scorekit.sound.seek(0.2)")
    page.keyboard.press("l")
    assert page.get_attribute("#loop", "aria-pressed") == "true"
    assert theatre.ask("scorekit.sound.loop") == "intro/1"
    start, end = theatre.ask("scorekit.sound.span")
    page.keyboard.press("Space")
    theatre.until("scorekit.sound.playing")
    origin, swaps = theatre.ask("[scorekit.sound.origin, scorekit.sound.swaps]")
    theatre.until(f"scorekit.sound.swaps > {swaps}")
    later = theatre.ask("scorekit.sound.origin")
    assert abs((later - origin) - (end - start)) < 1e-4, "not at its very end"
    places = []
    for _ in range(40):
        places.append(theatre.ask("scorekit.sound.seconds"))
        time.sleep(0.02)
    assert max(places) <= end + 0.05 and theatre.ask("scorekit.sound.playing")
    page.keyboard.press("l")
    page.keyboard.press("Space")
    assert theatre.ask("scorekit.sound.loop") is None
    theatre.until("!scorekit.sound.playing")


def test_a_song_that_loops_goes_round(theatre: Theatre) -> None:
    """``loop = true``: at its last sample it is at its first again, as loud as ever, the mix and the parts alike; and it stands
    still when it is told to."""
    page, version = theatre.page, theatre.ask("scorekit.state.songs.get('song').version")
    kept = theatre.spec.read_text()
    theatre.spec.write_text(f"loop = true\n{kept}")
    theatre.heard(version + 1)
    length = theatre.ask("scorekit.sound.length")
    assert length == 20.0
    for key in ("", "1"):
        if key:
            page.keyboard.press(key)
        theatre.ask(f"scorekit.sound.seek({length - 4})")
        page.focus("#stage")
        page.keyboard.press("Space")
        theatre.until("scorekit.sound.playing")
        origin = theatre.ask("scorekit.sound.origin")
        theatre.until(f"scorekit.sound.origin > {origin}")
        assert abs(theatre.ask("scorekit.sound.origin") - origin - length) < 1e-4
        assert theatre.ask("scorekit.sound.bus.level.gain.value") == 1
        theatre.until("scorekit.sound.seconds < 5")
        assert theatre.ask("scorekit.sound.playing")
        page.keyboard.press("Space")
        theatre.until("!scorekit.sound.playing")
    page.keyboard.press("0")
    theatre.spec.write_text(kept)
    theatre.heard(version + 2)


def test_a_song_that_was_deleted_is_offered_no_more(theatre: Theatre) -> None:
    """Who looks at it keeps it, with what happened, until another is chosen; then it is not in the list, and it is again when its
    file is back."""
    page, other = theatre.page, theatre.folder / "brief.toml"
    names = "[...document.querySelectorAll('#songs option')].map((one) => one.value)"
    other.write_text(SONG)
    theatre.until(f"{names}.length === 2")
    page.select_option("#songs", "brief")
    theatre.until("scorekit.state.shown.includes('/brief/')")
    other.unlink()
    theatre.until("!document.getElementById('wrong').hidden")
    assert sorted(theatre.ask(names)) == ["brief", "song"]
    page.select_option("#songs", "song")
    theatre.until(f"{names}.join() === 'song'")
    assert page.is_hidden("#songs") and page.is_hidden("#wrong")
    other.write_text(SONG)
    theatre.until(f"{names}.length === 2")
    other.unlink()
    theatre.until(f"{names}.join() === 'song'")
    theatre.until("scorekit.state.shown.includes('/song/')")


def test_fingers_move_and_stretch_the_roll(theatre: Theatre, browser: Any) -> None:
    """One finger moves the picture with it, two that part stretch it about the place between them, a tap goes to its place."""
    page = browser.new_page(viewport={"width": 700, "height": 800}, has_touch=True)
    page.goto(theatre.address)
    wait = lambda done: theatre.wait(done, "a page for fingers")  # noqa: E731
    wait(lambda: page.evaluate("() => window.scorekit?.roll.time !== undefined && scorekit.roll.time !== null"))
    wait(lambda: page.evaluate("() => scorekit.sound.take !== null"))
    box = page.locator("#stage").bounding_box()
    left, top = box["x"], box["y"] + 150
    wire = page.context.new_cdp_session(page)

    def touch(kind: str, *places: float) -> None:
        points = [{"x": left + x, "y": top, "id": number} for number, x in enumerate(places)]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    view = "() => [scorekit.roll.left, scorekit.roll.scale]"
    _, scale = page.evaluate(view)
    between = "() => scorekit.roll.tick(250)"
    middle = page.evaluate(between)
    touch("touchStart", 200, 300)
    for step in range(1, 11):
        touch("touchMove", 200 - 10 * step, 300 + 10 * step)
    touch("touchEnd")
    wait(lambda: page.evaluate(view)[1] > 2.5 * scale)
    assert abs(page.evaluate(between) - middle) < 30 / page.evaluate(view)[1]
    before, scale = page.evaluate(view)
    touch("touchStart", 400)
    for step in range(1, 11):
        touch("touchMove", 400 - 20 * step)
    touch("touchEnd")
    wait(lambda: page.evaluate(view)[0] > before + 150 / scale)
    assert page.evaluate(view)[1] == scale
    wanted = page.evaluate("() => scorekit.state.time.seconds(scorekit.roll.tick(120))")

    def tapped() -> bool:
        """A browser takes a tap soon after a swipe for the end of that one's glide."""
        page.touchscreen.tap(left + 120, top)
        time.sleep(0.7)
        return abs(page.evaluate("() => scorekit.sound.seconds") - wanted) < 0.05

    wait(tapped)
    page.close()


def test_conflicts_are_told_where_they_are(theatre: Theatre) -> None:
    """Each conflict is a row that leads to its bar, and a mark over that bar that tells it when it is pointed at."""
    page = theatre.page
    marks = "scorekit.state.time.song.conflicts"
    assert theatre.ask(f"{marks}.length") == page.locator("#conflicts li").count() > 0
    bar, part = theatre.ask(f"[{marks}[0].bar, {marks}[0].part]")
    page.locator("#conflicts button").first.click()
    theatre.until(f"document.getElementById('bar').textContent === '{bar}.1'")
    box = page.locator("#stage").bounding_box()
    x = theatre.ask(f"scorekit.roll.x(scorekit.state.time.bar({bar})) + 5")
    row = theatre.ask(f"scorekit.state.time.song.parts.findIndex(({{ name }}) => name === '{part}')")
    y = 53 if row < 0 else 58 + row * theatre.ask("scorekit.roll.lane") + 6
    page.mouse.move(box["x"] + x, box["y"] + y)
    assert theatre.ask(f"{marks}[0].words") in (page.text_content("#hint") or "")


def test_it_is_dark_or_light_as_the_reader_likes(theatre: Theatre) -> None:
    """Ground and picture follow the colour scheme while the page is open; nothing stays as it was."""
    seen = set()
    for scheme in ("light", "dark"):
        theatre.page.emulate_media(color_scheme=scheme)
        theatre.until(f"matchMedia('(prefers-color-scheme: {scheme})').matches")
        ground, ink = (theatre.ask(f"getComputedStyle(document.body).{one}") for one in ("backgroundColor", "color"))
        theatre.until("scorekit.roll.ink.ink === getComputedStyle(document.documentElement).getPropertyValue('--ink')")
        paler = sum(map(int, re.findall(r"\d+", ground))) > sum(map(int, re.findall(r"\d+", ink)))
        assert paler == (scheme == "light")
        seen |= {
            ground,
            ink,
            theatre.ask("scorekit.roll.canvas.toDataURL()"),
            theatre.ask("scorekit.whole.canvas.toDataURL()"),
        }
    assert len(seen) == 8


def test_fingers_find_the_buttons_of_a_phone(theatre: Theatre) -> None:
    """On 320 pixels every button is at least 24 by 24, no part's name is cut, and nothing leads out of the page."""
    theatre.page.set_viewport_size({"width": 320, "height": 568})
    try:
        theatre.until("getComputedStyle(document.querySelector('.part small')).display === 'none'")
        buttons = (
            "[...document.querySelectorAll('header button, .part button')].map(one => one.getBoundingClientRect())"
        )
        assert theatre.ask(f"{buttons}.every(({{ width, height }}) => width >= 24 && height >= 24)")
        assert theatre.ask("[...document.querySelectorAll('.part b')].every(one => one.scrollWidth <= one.offsetWidth)")
        assert theatre.ask("document.documentElement.scrollWidth") == 320
    finally:
        theatre.page.set_viewport_size({"width": 1440, "height": 900})
    theatre.until("getComputedStyle(document.querySelector('.part small')).display !== 'none'")


def test_the_whole_song_is_on_one_line(theatre: Theatre) -> None:
    """A click in the line of the whole song goes there, and shows it."""
    box = theatre.page.locator("#whole").bounding_box()
    theatre.page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + 15)
    wanted = theatre.ask("scorekit.state.time.seconds(0.8 * scorekit.state.time.song.end)")
    theatre.until(f"Math.abs(scorekit.sound.seconds - {wanted}) < 0.1")


def test_keys_do_what_the_button_in_focus_says(theatre: Theatre) -> None:
    """Space on the loop's button loops, on a mute's it mutes; elsewhere it plays."""
    page = theatre.page
    page.focus("#loop")
    page.keyboard.press("Space")
    assert theatre.ask("[scorekit.sound.loop !== null, scorekit.sound.playing]") == [True, False]
    page.keyboard.press("Space")
    page.focus(".part[data-part=bass] .mute")
    page.keyboard.press("Space")
    assert theatre.ask("[scorekit.sound.loop, scorekit.sound.playing, [...scorekit.sound.off]]") == [
        None,
        False,
        ["bass"],
    ]
    page.keyboard.press("0")
    page.focus("#stage")
    page.keyboard.press("Space")
    theatre.until("scorekit.sound.playing")
    page.keyboard.press("Space")


def test_a_song_that_never_played_shows_nothing_of_another(theatre: Theatre) -> None:
    """Chosen, a song with a mistake has its own name and mistake, no notes, sound or download, and keys that do no harm;
    mended it is there, and the first one is found again."""
    page, other = theatre.page, theatre.folder / "other.toml"
    other.write_text('genre = "rok"\n')
    theatre.until("document.querySelectorAll('#songs option').length === 2")
    page.select_option("#songs", "other")
    theatre.until("document.getElementById('title').textContent === 'other'")
    assert page.locator(".part").count() == page.locator("#conflicts li").count() == 0
    assert "no genre 'rok'" in (page.text_content("#wrong") or "") and "no version yet" in (
        page.text_content("#wrong") or ""
    )
    page.focus("#stage")
    for key in ("ArrowRight", "Shift+ArrowLeft", "+", "-", "l", "f", "f", "Home", "Space", "1", "Shift+1", "0"):
        page.keyboard.press(key)
    page.mouse.click(700, 400)
    assert theatre.ask("[scorekit.sound.take, scorekit.sound.playing]") == [None, False]
    assert page.is_disabled("#play") and page.is_hidden("#download")
    other.write_text('genre = "rock"\nlength = "4 bars"\n')
    theatre.until("scorekit.sound.take?.song === 'other' && !document.getElementById('download').hidden")
    assert page.is_hidden("#wrong") and page.is_visible("#download")
    page.select_option("#songs", "song")
    theatre.until("scorekit.sound.take?.song === 'song'")
    assert page.text_content("#title") == "Page Test"
    other.unlink()
    assert theatre.errors == []


def test_it_survives_a_reload_and_a_restart(theatre: Theatre) -> None:
    """A reload keeps place and mutes; a watch that is stopped is told, and found again when it is back."""
    page = theatre.page
    page.keyboard.press("2")
    theatre.ask("scorekit.sound.seek(5)")
    page.reload()
    theatre.until("window.scorekit?.sound.take")
    theatre.until("Math.abs(scorekit.sound.seconds - 5) < 0.3")
    assert page.get_attribute(".part[data-part=bass] .mute", "aria-pressed") == "true"
    page.keyboard.press("0")
    boot = theatre.ask("scorekit.state.boot")
    theatre.stop()
    theatre.until("document.getElementById('state').className === 'away'")
    assert theatre.start(theatre.address.strip("/").rpartition(":")[2]) == theatre.address
    theatre.until(f"scorekit.state.boot !== '{boot}'")
    theatre.heard(1)
    assert abs(theatre.ask("scorekit.sound.seconds") - 5) < 0.3
    assert theatre.errors == []
