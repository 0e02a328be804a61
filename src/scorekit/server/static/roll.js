// The picture of a song: sections, bars and chords above, a lane for each part, the sound below.

const HUES = { drums: 68, bass: 10, guitar: 98, keys: 164, strings: 228, brass: 45, lead: 308, pads: 278, key: 78, energy: 45 };
export const hue = (name, tone = "var(--tone)") => `oklch(${tone} .13 ${HUES[name] ?? 305})`;
const RULER = 58;
const WAVE = 64;
const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const DRUMS = {
  35: "kick", 36: "kick", 37: "rim", 38: "snare", 39: "clap", 40: "snare", 41: "floor tom", 43: "floor tom", 45: "mid tom",
  47: "mid tom", 48: "high tom", 50: "high tom", 42: "closed hat", 44: "foot hat", 46: "open hat", 49: "crash", 57: "crash",
  51: "ride", 53: "ride bell", 52: "china", 55: "splash", 54: "tambourine", 56: "cowbell", 69: "cabasa", 70: "shaker",
};

export class Roll {
  constructor(stage) {
    this.stage = stage;
    this.canvas = stage.querySelector("#roll");
    this.head = stage.querySelector("#head");
    this.time = null;
    this.peaks = null;
    this.left = 0; // first tick seen
    this.scale = 0.03; // pixels a tick
    this.lane = 58;
    this.quiet = new Set();
    this.follow = true;
    this.loop = null; // id of the section that is looped
    this.ink = {}; // the colours of the page, as a canvas takes them
    this.wrong = []; // places of mistakes: { section, part }, either may be missing
  }

  show(time) {
    const whole = !this.time;
    this.time = time;
    this.ranges = Object.fromEntries(time.song.parts.map(({ name }) => [name, range(time.song.notes[name].rows)]));
    if (whole && !this.zoomed) this.fit();
    this.measure();
  }

  clear() {
    for (const canvas of [this.canvas, this.head]) canvas.getContext("2d").clearRect(0, 0, this.width, this.height);
    this.time = this.peaks = this.loop = null;
  }

  fit() {
    this.scale = Math.max(0.012, this.stage.clientWidth / this.time.song.end);
    this.left = 0;
  }

  measure() {
    if (!this.time) return;
    const count = this.time.song.parts.length;
    const room = this.stage.parentElement.clientHeight - RULER - WAVE;
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ground", "line", "ink", "soft", "faint", "accent", "wrong", "tone"]) this.ink[name] = style.getPropertyValue(`--${name}`).trim();
    this.lane = Math.max(38, Math.min(88, Math.floor(room / count)));
    document.documentElement.style.setProperty("--lane", `${this.lane}px`);
    const height = RULER + WAVE + this.lane * count;
    this.stage.style.height = `${height}px`;
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.head]) {
      canvas.width = Math.round(this.stage.clientWidth * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = `${height}px`;
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.width = this.stage.clientWidth;
    this.height = height;
    this.clamp();
    this.draw();
  }

  clamp() {
    const end = this.time.song.end + 960;
    this.scale = Math.min(0.4, Math.max(this.width / end, this.scale));
    this.left = Math.max(0, Math.min(this.left, end - this.width / this.scale));
  }

  x(tick) {
    return (tick - this.left) * this.scale;
  }

  tick(x) {
    return this.left + x / this.scale;
  }

  zoom(factor, x = this.width / 2) {
    const at = this.tick(x);
    this.scale *= factor;
    this.zoomed = true;
    this.clamp();
    this.left = at - x / this.scale;
    this.clamp();
    this.draw();
  }

  scroll(pixels) {
    this.left += pixels / this.scale;
    this.clamp();
    this.draw();
  }

  // The page is turned when a tick is not in the picture.
  reveal(tick, edge = this.width) {
    if (this.x(tick) >= 0 && this.x(tick) <= edge) return;
    this.left = tick - (0.08 * this.width) / this.scale;
    this.clamp();
    this.draw();
  }

  // Where the song stands.
  point(tick, playing) {
    const pen = this.head.getContext("2d");
    pen.clearRect(0, 0, this.width, this.height);
    if (!this.time) return;
    if (playing && this.follow) this.reveal(tick, 0.92 * this.width);
    const x = Math.round(this.x(tick)) + 0.5;
    pen.strokeStyle = this.ink.ink;
    pen.globalAlpha = playing ? 0.95 : 0.6;
    pen.lineWidth = 1.5;
    line(pen, x, 20, x, this.height);
    pen.fillStyle = this.ink.ink;
    pen.beginPath();
    pen.moveTo(x - 5, 15);
    pen.lineTo(x + 5, 15);
    pen.lineTo(x, 23);
    pen.fill();
    pen.globalAlpha = 1;
  }

  draw() {
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.width, this.height);
    this.grid(pen);
    this.mistakes(pen);
    this.time.song.parts.forEach(({ name }, row) => this.notes(pen, name, RULER + row * this.lane));
    this.ruler(pen);
    this.marks(pen);
    this.wave(pen, this.height - WAVE);
  }

  grid(pen) {
    const { sections, parts, bars } = this.time.song;
    const changed = new Set(bars);
    const width = sections[0].ticks * this.scale;
    for (const section of sections) {
      for (let n = 0; n < section.bars; n += 1) {
        const tick = section.start + n * section.ticks;
        const x = Math.round(this.x(tick)) + 0.5;
        if (x > this.width || x + section.ticks * this.scale < 0) continue;
        if (changed.has(section.bar + n)) {
          pen.fillStyle = this.ink.accent;
          pen.globalAlpha = 0.07;
          pen.fillRect(x, RULER, section.ticks * this.scale, this.height - RULER);
          pen.globalAlpha = 1;
        }
        if (n && width < 14 && n % 4) continue;
        pen.strokeStyle = n ? this.ink.line : this.ink.faint;
        pen.globalAlpha = n ? 0.6 : 0.4;
        line(pen, x, n ? RULER : 22, x, this.height);
        pen.globalAlpha = 1;
      }
    }
    pen.strokeStyle = this.ink.line;
    for (let row = 0; row <= parts.length; row += 1) line(pen, 0, RULER + row * this.lane - 0.5, this.width, RULER + row * this.lane - 0.5);
  }

  // Where a mistake is about a part, a section, or one in the other.
  mistakes(pen) {
    const { sections, parts } = this.time.song;
    for (const { section, part } of this.wrong) {
      const row = parts.findIndex(({ name }) => name === part);
      const top = RULER + Math.max(row, 0) * this.lane;
      const tall = row < 0 ? this.lane * parts.length : this.lane;
      for (const one of sections.filter(({ id, name }) => !section || id === section || name === section)) {
        const x = this.x(one.start);
        const wide = one.length * this.scale;
        pen.fillStyle = pen.strokeStyle = this.ink.wrong;
        pen.globalAlpha = 0.13;
        pen.fillRect(x, top, wide, tall);
        pen.globalAlpha = 0.8;
        pen.strokeRect(x + 1.5, top + 0.5, wide - 3, tall - 2);
        pen.globalAlpha = 1;
      }
    }
  }

  notes(pen, name, top) {
    const { low, high } = this.ranges[name];
    const room = this.lane - 12;
    const step = room / Math.max(high - low + 1, name === "drums" ? 6 : 10);
    const thick = Math.max(name === "drums" ? 3 : 2.4, Math.min(step * 0.92, 6));
    const dim = this.quiet.has(name) ? 0.25 : 1;
    const fresh = [];
    pen.fillStyle = hue(name, this.ink.tone);
    for (const row of this.time.song.notes[name].rows) {
      const [start, length, pitch, velocity, isNew] = row;
      const x = this.x(start);
      const wide = name === "drums" ? Math.max(2.6, Math.min(6, 110 * this.scale)) : Math.max(2, length * this.scale - 1);
      if (x > this.width || x + wide < 0) continue;
      const y = top + 6 + (high - pitch) * (room / Math.max(high - low + 1, 1)) + (room / Math.max(high - low + 1, 1) - thick) / 2;
      if (isNew) fresh.push([x, y, wide]);
      pen.globalAlpha = dim * (0.35 + (0.65 * velocity) / 127);
      bead(pen, x, y, wide, thick);
    }
    pen.globalAlpha = dim;
    pen.fillStyle = this.ink.ink;
    pen.shadowColor = this.ink.accent;
    pen.shadowBlur = 9;
    for (const [x, y, wide] of fresh) bead(pen, x, y - 0.3, wide, thick + 0.6);
    pen.shadowBlur = 0;
    pen.globalAlpha = 1;
  }

  ruler(pen) {
    pen.fillStyle = this.ink.ground;
    pen.fillRect(0, 0, this.width, RULER - 1);
    for (const section of this.time.song.sections) {
      const x = this.x(section.start);
      const wide = section.length * this.scale;
      if (x > this.width || x + wide < 0) continue;
      const looped = section.id === this.loop;
      pen.fillStyle = this.ink.accent;
      pen.globalAlpha = looped ? 1 : 0.05 + 0.065 * section.tier;
      pen.beginPath();
      pen.roundRect(x + 1, 3, wide - 2, 17, 4);
      pen.fill();
      pen.globalAlpha = 1;
      clipped(pen, x, wide, () => {
        pen.fillStyle = looped ? this.ink.ground : this.ink.ink;
        pen.font = "600 11.5px ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif";
        pen.fillText(section.name, Math.max(x, 0) + 8, 15.5);
      });
      this.barsOf(pen, section);
      this.chords(pen, section, x + wide);
    }
  }

  barsOf(pen, section) {
    pen.font = "10px ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif";
    pen.fillStyle = this.ink.faint;
    const every = Math.max(1, 2 ** Math.ceil(Math.log2(26 / (section.ticks * this.scale))));
    for (let n = 0; n < section.bars; n += every) pen.fillText(String(section.bar + n), this.x(section.start + n * section.ticks) + 4, 32);
  }

  chords(pen, section, end) {
    pen.font = "600 11.5px ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif";
    let free = -1e9;
    let latest = "";
    for (const [tick, symbol] of section.chords) {
      const x = this.x(tick) + 4;
      if (symbol === latest) continue;
      const wide = pen.measureText(symbol).width;
      if (x < free || x + wide > end) continue;
      pen.fillStyle = this.ink.soft;
      pen.fillText(symbol, x, 47);
      free = x + wide + 7;
      latest = symbol;
    }
  }

  // Conflicts: a lozenge at the bar each speaks of, in the lane of the part it is about.
  marks(pen) {
    const rows = Object.fromEntries(this.time.song.parts.map(({ name }, row) => [name, row]));
    const seen = new Set();
    for (const { bar, part, family } of this.time.song.conflicts) {
      const key = `${bar}/${part}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const x = this.x(this.time.bar(bar)) + 5;
      const y = part in rows ? RULER + rows[part] * this.lane + 6 : RULER - 4;
      pen.fillStyle = hue(family, this.ink.tone);
      pen.globalAlpha = part ? 0.75 : 1;
      pen.beginPath();
      pen.moveTo(x, y - 4);
      pen.lineTo(x + 4, y);
      pen.lineTo(x, y + 4);
      pen.lineTo(x - 4, y);
      pen.fill();
      pen.globalAlpha = 1;
    }
  }

  wave(pen, top) {
    const middle = top + WAVE / 2;
    pen.strokeStyle = this.ink.line;
    line(pen, 0, middle, this.width, middle);
    if (!this.peaks) return;
    pen.fillStyle = this.ink.faint;
    const count = this.peaks.length / 2;
    for (let x = 0; x < this.width; x += 1) {
      let a = Math.floor(100 * this.time.seconds(this.tick(x)));
      const b = Math.max(a + 1, Math.floor(100 * this.time.seconds(this.tick(x + 1))));
      let low = 0;
      let high = 0;
      for (; a < b && a < count; a += 1) {
        low = Math.min(low, this.peaks[2 * a]);
        high = Math.max(high, this.peaks[2 * a + 1]);
      }
      pen.fillRect(x, middle - (high * (WAVE - 10)) / 256, 1, Math.max(1, ((high - low) * (WAVE - 10)) / 256));
    }
  }

  // The note under a point, in words.
  about(x, y) {
    if (!this.time) return null;
    const spoken = this.conflict(x, y);
    if (spoken || y < RULER) return spoken;
    const part = this.time.song.parts[Math.floor((y - RULER) / this.lane)];
    if (!part) return null;
    const tick = this.tick(x);
    const top = RULER + this.time.song.parts.indexOf(part) * this.lane;
    const { low, high } = this.ranges[part.name];
    const pitch = high - (y - top - 6) / ((this.lane - 12) / Math.max(high - low + 1, 1));
    const { rows, reasons } = this.time.song.notes[part.name];
    let best = null;
    for (const row of rows) {
      if (row[0] > tick + 4 / this.scale) break;
      if (row[0] + Math.max(row[1], 6 / this.scale) < tick) continue;
      const off = Math.abs(row[2] + 0.5 - pitch - 1);
      if (off < 2.5 && (!best || off < best.off)) best = { off, row };
    }
    if (!best) return null;
    const [start, length, number, velocity, , reason] = best.row;
    const at = this.time.place(Math.max(start, 0));
    const called = part.name === "drums" ? DRUMS[number] ?? `drum ${number}` : `${NAMES[number % 12]}${Math.floor(number / 12) - 1}`;
    return [`${part.title} · ${called}`, `bar ${at.bar}, beat ${at.beat} · velocity ${velocity} · ${(length / 960).toFixed(2)} quarters`, reasons[reason] ?? ""];
  }

  // What was disagreed upon, where a lozenge is pointed at.
  conflict(x, y) {
    const { conflicts, parts } = this.time.song;
    const row = Math.floor((y - RULER) / this.lane);
    const part = y < RULER ? "" : parts[row]?.name;
    const edge = y < RULER ? RULER - 4 : RULER + row * this.lane + 6;
    if (part === undefined || Math.abs(y - edge) > 9) return null;
    const bar = this.time.place(this.tick(x - 5)).bar;
    const near = [bar, bar + 1].find((one) => Math.abs(this.x(this.time.bar(one)) + 5 - x) < 9);
    const found = near ? conflicts.filter((one) => one.bar === near && (one.part in this.ranges ? one.part : "") === part) : [];
    if (!found.length) return null;
    return [`${part ? `${parts[row].title} · ` : ""}bar ${near}`, ...found.slice(0, 4).map(({ words, reason }) => `${words}: ${reason}`), ...(found.length > 4 ? [`and ${found.length - 4} more`] : [])];
  }
}

function range(rows) {
  const pitches = rows.map((row) => row[2]);
  return pitches.length ? { low: Math.min(...pitches), high: Math.max(...pitches) } : { low: 48, high: 60 };
}

export function line(pen, a, b, c, d) {
  pen.beginPath();
  pen.moveTo(a, b);
  pen.lineTo(c, d);
  pen.stroke();
}

function bead(pen, x, y, wide, thick) {
  pen.beginPath();
  pen.roundRect(x, y, wide, thick, Math.min(2, thick / 2, wide / 2));
  pen.fill();
}

function clipped(pen, x, wide, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(x, 0, wide - 4, RULER);
  pen.clip();
  draw();
  pen.restore();
}
