// The page: news from the watch, keys and buttons, and the picture moving with the sound.

import { hue, Roll } from "./roll.js";
import { Sound } from "./sound.js";
import { Time } from "./time.js";
import { touched } from "./touch.js";
import { Whole } from "./whole.js";

const at = (id) => document.getElementById(id);
const roll = new Roll(at("stage"));
const sound = new Sound(settle);
const whole = new Whole(at("whole"), roll);
const kept = JSON.parse(localStorage.getItem("scorekit") ?? "{}");
const state = { songs: new Map(), song: kept.song ?? null, time: null, shown: "", heard: "", boot: "" };
roll.follow = kept.follow ?? true;

// -- news

const news = new EventSource("/news");
news.onmessage = ({ data }) => {
  const { boot, songs } = JSON.parse(data);
  if (boot !== state.boot) Object.assign(state, { boot, shown: "", heard: "" }); // another run: its versions are its own
  state.songs = new Map(songs.map((one) => [one.song, one]));
  if (!state.songs.has(state.song)) state.song = (songs.find(({ gone }) => !gone) ?? songs[0])?.song ?? null;
  choices();
  refresh();
};
news.onerror = () => say("the watch is not running", "away");

let busy = Promise.resolve();
function refresh() {
  busy = busy.then(renew).catch((error) => console.warn(error));
}

async function renew() {
  const one = state.songs.get(state.song);
  if (!one) return;
  if (state.time?.song.song !== one.song) clear(one.song);
  wrong(one.wrong, one.version);
  story(one.story);
  const mark = `${state.boot}/${one.song}/${one.version}`;
  if (one.version && mark !== state.shown) {
    const answer = await fetch(`/songs/${one.song}`);
    if (!answer.ok) return;
    show(await answer.json());
    state.shown = mark;
  }
  const heard = `${state.boot}/${one.song}/${one.heard}`;
  if (one.heard === one.version && one.heard && heard !== state.heard) {
    state.heard = heard;
    const first = !sound.take;
    await sound.exchange({ song: one.song, version: one.heard, frames: one.frames, time: state.time, parts: state.time.song.parts.map(({ name }) => name) });
    if (first && kept.song === one.song) await sound.seek(kept.seconds ?? 0);
    const peaks = await fetch(`/songs/${one.song}/${one.heard}/peaks`);
    if (peaks.ok) roll.peaks = new Int8Array(await peaks.arrayBuffer());
    at("download").href = `/songs/${one.song}.wav`;
    at("download").hidden = false;
    roll.draw();
  }
  const done = one.heard === one.version;
  say(!one.version ? "" : done ? `version ${one.version}` : "rendering the sound", done ? "" : "busy");
  settle();
}

// Another song, of which nothing is known yet: nothing of the last one stays.
function clear(name) {
  sound.stop();
  Object.assign(sound, { take: null, rest: 0, loop: null });
  Object.assign(state, { time: null, shown: "", heard: "" });
  at("title").textContent = name;
  at("facts").textContent = "";
  at("bar").textContent = "1.1";
  at("clock").textContent = clock(0, true);
  at("download").hidden = true;
  at("parts").replaceChildren();
  at("parts").dataset.parts = "";
  conflicts([], 0);
  roll.clear();
  whole.clear();
}

function show(song) {
  state.time = new Time(song);
  at("title").textContent = song.title;
  document.title = `${song.title} · scorekit`;
  at("facts").textContent = [song.genre.replaceAll("_", " "), song.key, song.meter.join(" "), song.pace, clock(song.seconds)].join("  ·  ");
  columns(song.parts);
  conflicts(song.conflicts, song.disagreed);
  roll.show(state.time);
  whole.measure();
  quiet();
}

// -- what is beside the picture

function columns(parts) {
  const wanted = parts.map(({ name, patch }) => `${name}/${patch}/${state.time.song.notes[name].rows.length > 0}`).join();
  const into = at("parts");
  if (into.dataset.parts === wanted) return;
  into.dataset.parts = wanted;
  into.replaceChildren(...parts.map(column));
  const mix = document.createElement("div");
  mix.className = "part mix";
  mix.innerHTML = "<i></i><span><b>Mix</b><small>with its room</small></span><span></span>";
  into.append(mix);
}

function column({ name, title, patch }, row) {
  const made = document.createElement("div");
  made.className = "part";
  made.dataset.part = name;
  made.innerHTML = "<i></i><span><b></b><small></small></span><span></span>";
  made.style.setProperty("--hue", hue(name));
  made.querySelector("b").textContent = title;
  const rests = !state.time.song.notes[name].rows.length;
  made.classList.toggle("rests", rests);
  made.querySelector("small").textContent = rests ? "rests" : patch.replaceAll("_", " ");
  for (const [kind, letter, set, key] of [["mute", "M", sound.off, row + 1], ["solo", "S", sound.solo, `⇧${row + 1}`]]) {
    const button = document.createElement("button");
    button.className = kind;
    button.textContent = letter;
    button.title = `${kind} ${title} (${key})`;
    button.setAttribute("aria-label", `${kind} ${title}`);
    button.onclick = () => toggle(set, name);
    made.lastElementChild.append(button);
  }
  return made;
}

function toggle(set, name) {
  if (!set.delete(name)) set.add(name);
  quiet();
  keep();
  sound.mixed();
}

function quiet() {
  roll.quiet = new Set((state.time?.song.parts ?? []).map(({ name }) => name).filter((name) => !sound.heard(name)));
  for (const one of document.querySelectorAll(".part[data-part]")) {
    const name = one.dataset.part;
    one.classList.toggle("off", roll.quiet.has(name));
    one.querySelector(".mute").setAttribute("aria-pressed", sound.off.has(name));
    one.querySelector(".solo").setAttribute("aria-pressed", sound.solo.has(name));
  }
  if (state.time) roll.draw();
}

function wrong(mistakes, version) {
  const into = at("wrong");
  const was = into.hidden;
  into.hidden = !mistakes.length;
  const notes = mistakes.map(({ text }) => Object.assign(document.createElement("pre"), { textContent: text }));
  const errors = mistakes.filter(({ severity }) => severity === "error");
  const why = !errors.length ? "It is played all the same." : version ? "The last good version goes on." : "There is no version yet that could be played.";
  const tail = Object.assign(document.createElement("p"), { textContent: why });
  into.replaceChildren(...notes, tail);
  const before = roll.wrong.length;
  into.classList.toggle("mild", !errors.length);
  roll.wrong = errors.map(({ path }) => place(path ?? "")).filter(({ section, part }) => section || part);
  if (was !== into.hidden) roll.measure();
  else if (state.time && (before || roll.wrong.length)) roll.draw();
}

// The section and the part that a key path of the spec speaks of.
function place(path) {
  const section = path.match(/^sections\.(?:"([^"]+)"|([^.]+))/);
  const part = path.match(/(?:^|\.)parts\.([a-z]+)/);
  return { section: section?.[1] ?? section?.[2], part: part?.[1] };
}

function story(rows) {
  at("story").replaceChildren(...rows.map(({ kind, clock: when, words, ms }) => {
    const item = document.createElement("li");
    item.className = kind;
    for (const [tag, text] of [["time", when], ["span", kind === "wav" ? "sound" : words], ["em", ms ? (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`) : ""]]) {
      item.append(Object.assign(document.createElement(tag), { textContent: text }));
    }
    return item;
  }));
}

function conflicts(rows, all) {
  at("count").textContent = rows.length < all ? `${rows.length} of ${all}` : all || "none";
  at("conflicts").replaceChildren(...rows.map(({ bar, part, rule, words, reason }) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.title = "Go to this bar";
    button.append(Object.assign(document.createElement("b"), { textContent: `bar ${bar}` }));
    const told = Object.assign(document.createElement("span"), { textContent: `${part ? `${part}: ` : ""}${words} ` });
    told.append(Object.assign(document.createElement("span"), { textContent: `${reason} · ${rule}` }));
    button.append(told);
    button.onclick = () => go(state.time.bar(bar));
    item.append(button);
    item.dataset.bar = bar;
    return item;
  }));
}

// The conflicts of the bar that is heard.
let told = 0;
function tell(bar) {
  if (bar === told) return;
  told = bar;
  const rows = [...at("conflicts").children];
  for (const row of rows) row.classList.toggle("now", Number(row.dataset.bar) === bar);
  const first = rows.find((row) => row.className === "now");
  if (first && sound.playing) first.closest("section").scrollTop = first.offsetTop - first.closest("section").offsetTop - 30;
}

function choices() {
  const into = at("songs");
  const names = [...state.songs.values()].filter(({ song, gone }) => !gone || song === state.song).map(({ song }) => song);
  into.hidden = names.length < 2;
  if (into.dataset.names !== names.join()) {
    into.dataset.names = names.join();
    into.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name, textContent: name })));
  }
  into.value = state.song ?? "";
}

function say(text, kind = "") {
  at("state").textContent = text;
  at("state").className = kind;
}

// -- moving

function position() {
  if (!state.time) return 0;
  return sound.take && sound.take.time !== state.time && sound.take.song === state.song ? sound.take.time.carry(sound.seconds, state.time) : sound.seconds;
}

function settle() {
  at("play").classList.toggle("on", sound.playing);
  at("play").setAttribute("aria-label", sound.playing ? "Stop" : "Play");
  at("play").disabled = !sound.take;
  at("loop").setAttribute("aria-pressed", sound.loop !== null);
  if (roll.loop !== sound.loop) {
    roll.loop = sound.loop;
    if (state.time) roll.draw();
  }
  keep();
}

function keep() {
  localStorage.setItem("scorekit", JSON.stringify({ song: state.song, seconds: sound.seconds, off: [...sound.off], solo: [...sound.solo], follow: roll.follow }));
}

function clock(seconds, tenths = false) {
  const rest = (seconds % 60).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, "0");
  return `${Math.floor(seconds / 60)}:${rest}`;
}

function frame() {
  if (state.time) {
    const seconds = position();
    const tick = state.time.tick(seconds);
    const { bar, beat } = state.time.place(Math.min(tick, state.time.song.end - 1));
    at("bar").textContent = `${bar}.${beat}`;
    at("clock").textContent = clock(seconds, true);
    roll.point(tick, sound.playing);
    whole.draw(tick, sound.loop);
    tell(bar);
  }
  requestAnimationFrame(frame);
}

function flip() {
  return sound.playing ? sound.stop() : sound.play();
}

function loop() {
  sound.loop = sound.loop === null && state.time ? state.time.section(state.time.tick(position())).id : null;
  settle();
}

function move(bars, sections) {
  const time = state.time;
  const here = time.place(time.tick(position()) + 1);
  let tick;
  if (sections) {
    const rows = time.song.sections;
    const index = rows.indexOf(here.section);
    const back = sections < 0 && time.tick(position()) - here.section.start > time.song.ppq / 2;
    tick = rows[Math.max(0, Math.min(rows.length - 1, index + (back ? 0 : sections)))].start;
  } else {
    const back = bars < 0 && time.tick(position()) - here.start > time.song.ppq / 2;
    tick = time.bar(Math.max(1, here.bar + (back ? 0 : bars)));
  }
  return go(tick);
}

// To a tick of the song as it is seen, which may be newer than what is heard.
function go(tick) {
  roll.reveal(tick);
  const to = state.time.seconds(Math.min(tick, state.time.song.end));
  return sound.seek(sound.take?.song === state.song ? state.time.carry(to, sound.take.time) : to);
}

document.addEventListener("keydown", (event) => {
  if (!state.time || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select")) return;
  if (event.repeat && !/^Arrow|^[-+=]$/.test(event.key)) return; // a key that is held turns nothing on and off
  const part = event.code.startsWith("Digit") ? state.time.song.parts[Number(event.code[5]) - 1] : null;
  if (part) toggle(event.shiftKey ? sound.solo : sound.off, part.name);
  else if (event.code === "Digit0") {
    sound.off.clear();
    sound.solo.clear();
    quiet();
    sound.mixed();
  } else if (event.key === " " && !event.target.closest("button:not(#play)")) flip();
  else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    const way = event.key === "ArrowRight" ? 1 : -1;
    move(way, event.shiftKey ? way : 0);
  } else if (event.key === "Home") go(0);
  else if (event.key === "+" || event.key === "=") roll.zoom(1.4, roll.x(state.time.tick(position())));
  else if (event.key === "-") roll.zoom(1 / 1.4, roll.x(state.time.tick(position())));
  else if (event.key === "l") loop();
  else if (event.key === "f") roll.follow = !roll.follow;
  else return;
  event.preventDefault();
});

at("play").onclick = (event) => {
  if (event.detail) at("stage").focus({ preventScroll: true });
  flip();
};
at("loop").onclick = loop;
at("whole").onclick = (event) => {
  if (!state.time) return;
  const tick = whole.tick(event.offsetX);
  roll.left = tick - roll.width / roll.scale / 2;
  roll.clamp();
  roll.draw();
  go(tick);
};
at("songs").onchange = (event) => {
  state.song = event.target.value;
  choices();
  refresh();
};
at("stage").addEventListener("click", (event) => {
  if (state.time) go(Math.max(0, roll.tick(event.offsetX)));
});
at("stage").addEventListener("wheel", (event) => {
  if (!state.time || (!event.ctrlKey && Math.abs(event.deltaX) < Math.abs(event.deltaY) && !event.shiftKey)) return;
  event.preventDefault();
  if (event.ctrlKey) roll.zoom(Math.exp(-event.deltaY / 200), event.offsetX);
  else roll.scroll(event.deltaX || event.deltaY);
}, { passive: false });
at("stage").addEventListener("mousemove", (event) => {
  const words = state.time && roll.about(event.offsetX, event.offsetY);
  const hint = at("hint");
  hint.hidden = !words;
  if (!words) return;
  hint.replaceChildren(Object.assign(document.createElement("b"), { textContent: words[0] }), ...words.slice(1).map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  hint.style.left = `${Math.max(8, Math.min(event.offsetX + 14, roll.width - hint.offsetWidth - 8))}px`;
  hint.style.top = `${Math.min(event.offsetY + 16, roll.height - hint.offsetHeight - 8)}px`;
});
at("stage").addEventListener("mouseleave", () => (at("hint").hidden = true));
touched(at("stage"), roll);
function measure() {
  roll.measure();
  whole.measure();
}
window.addEventListener("resize", measure);
matchMedia("(prefers-color-scheme: light)").addEventListener("change", measure);
window.addEventListener("pagehide", keep);

(kept.off ?? []).forEach((name) => sound.off.add(name));
(kept.solo ?? []).forEach((name) => sound.solo.add(name));
setInterval(() => sound.fill(), 100);
setInterval(keep, 2000);
requestAnimationFrame(frame);
window.scorekit = { sound, roll, whole, state, position }; // for looking at it from the console
