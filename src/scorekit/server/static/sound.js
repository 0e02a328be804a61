// Sound that can be exchanged while it plays. A take is fetched in chunks, each put on the audio clock to the sample; a
// new take, or the parts instead of the mix, fade in where the old one fades out, at the same musical place.

const RATE = 44100;
const CHUNK = 1 << 17;
const AHEAD = 6;
const FADE = 0.025;
const LEAD = 0.045;
const TURN = 2.5; // seconds before a loop's end at which its begin is put on the clock
const KEPT = 10;

export class Sound {
  constructor(changed) {
    this.changed = changed;
    this.context = null;
    this.take = null; // { song, version, frames, time, parts }
    this.playing = false;
    this.rest = 0; // where it stands when it does not play
    this.origin = 0; // the moment of the audio clock at which the song began
    this.bus = null;
    this.off = new Set();
    this.solo = new Set();
    this.chunks = new Map();
    this.turn = 0;
    this.swaps = 0;
    this.loop = null; // id of the section that is played again and again
    this.turnsAt = 0; // the moment of the audio clock from which on the newest origin holds
    this.before = 0;
  }

  get seconds() {
    if (!this.playing) return this.rest;
    const now = this.context.currentTime;
    return Math.max(0, Math.min(now - (now < this.turnsAt ? this.before : this.origin), this.length));
  }

  get length() {
    return this.take ? this.take.frames / RATE : 0;
  }

  get parted() {
    return this.off.size > 0 || this.solo.size > 0;
  }

  async play() {
    if (!this.take || this.playing) return;
    this.context ??= new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    await this.context.resume();
    if (this.rest >= this.length - 0.05) this.rest = 0;
    await this.enter(this.take, () => this.rest);
  }

  stop() {
    this.turn += 1;
    this.rest = this.seconds;
    this.playing = false;
    this.leave(this.bus, this.context?.currentTime ?? 0);
    this.bus = null;
    this.changed();
  }

  async seek(seconds) {
    const to = Math.max(0, Math.min(seconds, this.length));
    if (this.loop && this.take) this.loop = this.take.time.section(this.take.time.tick(to)).id;
    if (this.playing) await this.enter(this.take, () => to);
    else this.rest = to;
    this.changed();
  }

  // A new version: it takes over at the same musical place, without a stop.
  async exchange(take) {
    const old = this.take;
    const same = old && old.song === take.song;
    if (!this.playing) {
      this.rest = same ? old.time.carry(this.rest, take.time) : 0;
      this.take = take;
      this.changed();
    } else if (!same) {
      this.stop();
      this.rest = 0;
      this.take = take;
      this.changed();
    } else {
      await this.enter(take, () => old.time.carry(this.seconds + LEAD, take.time));
    }
  }

  // Mutes and solos: gains when the parts play already, else the parts take over from the mix.
  async mixed() {
    if (!this.playing) return;
    if (this.bus && this.bus.parted === this.parted) this.levels(this.bus);
    else await this.enter(this.take, () => this.seconds + LEAD);
  }

  heard(name) {
    if (this.solo.size) return this.solo.has(name);
    return !this.off.has(name);
  }

  levels(bus) {
    bus.gains.forEach((gain, name) => gain.gain.setTargetAtTime(this.heard(name) ? 1 : 0, this.context.currentTime, 0.008));
  }

  // First and last second of the section that is looped, or of a song that goes round by itself.
  get span() {
    const time = this.take?.time;
    const found = this.loop && time?.song.sections.find(({ id }) => id === this.loop);
    if (found) return [time.seconds(found.start), time.seconds(found.start + found.length)];
    return time?.song.loops ? [0, this.length] : null;
  }

  // Back to the loop's begin, at the very sample of its end.
  again() {
    const [start, end] = this.span ?? [0, Infinity];
    const left = end - this.seconds;
    const first = Math.floor((start * RATE) / CHUNK);
    if (left < AHEAD) [first, first + 1].forEach((number) => this.load(this.take, this.parted, number));
    if (left > TURN || left < -0.5 || this.context.currentTime < this.turnsAt) return;
    const seamless = start === 0 && end === this.length; // what rings on at its end is in its beginning
    this.enter(this.take, () => start, this.origin + end, seamless ? 0 : FADE);
  }

  async enter(take, where, moment = 0, fade = FADE) {
    const turn = (this.turn += 1);
    const parted = this.parted;
    const first = Math.floor((where() * RATE) / CHUNK);
    await Promise.all([first, first + 1].map((number) => this.load(take, parted, number)));
    if (turn !== this.turn) return; // something newer is on its way
    const clock = this.context;
    const at = frame(Math.max(clock.currentTime + LEAD, moment));
    const to = frame(where());
    const old = this.bus;
    const swapped = this.playing;
    this.take = take;
    [this.before, this.turnsAt] = moment ? [this.origin, at] : [0, 0];
    this.origin = at - to;
    this.playing = true;
    this.bus = this.opened(take, parted, at, fade);
    this.leave(old, at);
    this.fill();
    if (swapped) this.swaps += 1;
    this.changed();
  }

  opened(take, parted, at, fade) {
    const level = this.context.createGain();
    level.gain.setValueAtTime(fade ? 0 : 1, at);
    if (fade) level.gain.linearRampToValueAtTime(1, at + fade);
    level.connect(this.context.destination);
    const gains = new Map();
    for (const name of parted ? [...take.parts, "room"] : ["mix"]) {
      const gain = this.context.createGain();
      gain.gain.value = !parted || this.heard(name) ? 1 : 0;
      gain.connect(level);
      gains.set(name, gain);
    }
    return { take, parted, level, gains, begun: at, sources: new Set(), done: new Set(), closed: false };
  }

  leave(bus, at) {
    if (!bus) return;
    bus.closed = true;
    bus.level.gain.cancelScheduledValues(at);
    bus.level.gain.setValueAtTime(1, at);
    bus.level.gain.linearRampToValueAtTime(0, at + FADE);
    bus.sources.forEach((source) => source.stop(at + 2 * FADE));
    setTimeout(() => bus.level.disconnect(), 1000 * (at - this.context.currentTime + 4 * FADE));
  }

  // To be called now and then: what will be heard soon is fetched and put on the clock.
  fill() {
    const bus = this.bus;
    if (!this.playing || !bus) return;
    if (!this.span && this.context.currentTime - this.origin >= this.length) {
      this.stop();
      this.rest = 0;
      return;
    }
    if (this.span) this.again();
    const now = Math.max(0, this.context.currentTime - this.origin);
    const to = Math.min(now + AHEAD, this.length);
    for (let number = Math.max(0, Math.floor((now * RATE) / CHUNK)); (number * CHUNK) / RATE < to; number += 1) {
      if (bus.done.has(number)) continue;
      bus.done.add(number);
      this.load(bus.take, bus.parted, number).then((found) => this.place(bus, number, found));
    }
  }

  place(bus, number, buffers) {
    if (bus.closed || !buffers) return;
    const when = this.origin + (number * CHUNK) / RATE;
    const start = Math.max(when, bus.begun, frame(this.context.currentTime + 0.01));
    if (start - when >= buffers[0].duration) return;
    [...bus.gains.values()].forEach((gain, row) => {
      const source = this.context.createBufferSource();
      source.buffer = buffers[row];
      source.connect(gain);
      source.start(start, frame(start - when));
      source.onended = () => bus.sources.delete(source);
      bus.sources.add(source);
    });
  }

  load(take, parted, number) {
    if (number * CHUNK >= take.frames) return Promise.resolve(null);
    const what = parted ? `stems/${number}` : `mix/${number * CHUNK}-${(number + 1) * CHUNK}`;
    const path = `/songs/${take.song}/${take.version}/${what}`;
    const known = this.chunks.get(path);
    this.chunks.delete(path); // what was asked for last is kept longest
    this.chunks.set(path, known ?? this.fetched(path).catch(() => (this.chunks.delete(path), null)));
    for (const old of this.chunks.keys()) if (this.chunks.size > KEPT) this.chunks.delete(old);
    return this.chunks.get(path);
  }

  async fetched(path) {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(path);
    const data = await answer.arrayBuffer();
    const channels = new DataView(data).getUint16(22, true);
    const frames = new Int16Array(data, 44);
    const length = frames.length / channels;
    return Array.from({ length: channels / 2 }, (_, pair) => {
      const buffer = this.context.createBuffer(2, length, RATE);
      for (const side of [0, 1]) {
        const into = buffer.getChannelData(side);
        for (let n = 0, at = 2 * pair + side; n < length; n += 1, at += channels) into[n] = frames[at] / 32768;
      }
      return buffer;
    });
  }
}

function frame(seconds) {
  return Math.round(seconds * RATE) / RATE;
}
