// Musical time: ticks, seconds, bars and beats of one version of a song.

export class Time {
  constructor(song) {
    this.song = song;
    let total = 0;
    this.table = song.tempo.map(([tick, micros], n, all) => {
      if (n) total += (tick - all[n - 1][0]) * all[n - 1][1];
      return { tick, micros, total };
    });
    this.unit = song.ppq * 1e6;
  }

  seconds(tick) {
    const row = last(this.table, (one) => one.tick <= tick);
    return (row.total + (tick - row.tick) * row.micros) / this.unit;
  }

  tick(seconds) {
    const micros = seconds * this.unit;
    const row = last(this.table, (one) => one.total <= micros);
    return row.tick + (micros - row.total) / row.micros;
  }

  section(tick) {
    return last(this.song.sections, (one) => one.start <= tick);
  }

  // Bar and beat, both from 1, and the ticks they begin at.
  place(tick) {
    const section = this.section(tick);
    const inside = Math.min(tick - section.start, section.length - 1);
    const bar = Math.floor(inside / section.ticks);
    const beat = Math.floor((inside % section.ticks) / (section.ticks / section.beats));
    return { section, bar: section.bar + bar, beat: beat + 1, start: section.start + bar * section.ticks };
  }

  bar(number) {
    const section = last(this.song.sections, (one) => one.bar <= number);
    return section.start + (number - section.bar) * section.ticks;
  }

  // The same musical place in another version, in its seconds.
  carry(seconds, other) {
    const tick = this.tick(seconds);
    const here = this.section(tick);
    const there = other.song.sections.find((one) => one.id === here.id);
    if (!there) return other.seconds(Math.min(tick, other.song.end));
    const beyond = tick - here.start - here.length;
    return other.seconds(beyond > 0 ? there.start + there.length + beyond : there.start + Math.min(tick - here.start, there.length));
  }
}

function last(rows, fits) {
  let found = rows[0];
  for (const row of rows) {
    if (!fits(row)) break;
    found = row;
  }
  return found;
}
