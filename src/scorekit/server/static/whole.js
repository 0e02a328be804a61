// The whole song on one line: its sections, what changed, what the roll shows of it, and where it stands. A click goes there.

import { line } from "./roll.js";

export class Whole {
  constructor(canvas, roll) {
    this.canvas = canvas;
    this.roll = roll;
  }

  measure() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  clear() {
    this.canvas.getContext("2d").clearRect(0, 0, this.width, this.height);
  }

  tick(x) {
    return (x / this.width) * this.roll.time.song.end;
  }

  draw(tick, loop) {
    const { time, left, scale, width, ink } = this.roll;
    const pen = this.canvas.getContext("2d");
    this.clear();
    if (!time) return;
    const x = (place) => (place / time.song.end) * this.width;
    for (const { id, name, start, length, tier } of time.song.sections) {
      const a = x(start);
      const b = x(start + length);
      pen.fillStyle = ink.accent;
      pen.globalAlpha = id === loop ? 1 : 0.05 + 0.065 * tier;
      pen.beginPath();
      pen.roundRect(a + 0.5, 5, Math.max(1, b - a - 1), this.height - 10, 3);
      pen.fill();
      pen.globalAlpha = 1;
      if (b - a < 26) continue;
      pen.save();
      pen.beginPath();
      pen.rect(a, 0, b - a - 4, this.height);
      pen.clip();
      pen.fillStyle = id === loop ? ink.ground : ink.ink;
      pen.font = "10.5px ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif";
      pen.fillText(name, a + 6, this.height / 2 + 4);
      pen.restore();
    }
    pen.fillStyle = ink.accent;
    for (const bar of time.song.bars) pen.fillRect(x(time.bar(bar)), this.height - 4, Math.max(1.5, x(time.section(time.bar(bar)).ticks) - 0.5), 2);
    pen.strokeStyle = ink.ink;
    pen.globalAlpha = 0.45;
    const seen = Math.min(width / scale, time.song.end);
    if (seen < time.song.end - 1) pen.strokeRect(x(left) + 0.5, 2.5, x(seen) - 1, this.height - 5);
    pen.globalAlpha = 1;
    pen.strokeStyle = ink.ink;
    pen.lineWidth = 1.5;
    line(pen, x(tick), 1, x(tick), this.height - 1);
    pen.lineWidth = 1;
  }
}
