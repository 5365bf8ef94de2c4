// The timeline: lanes on a canvas, with zoom, pan, the cursor, and arrows from causes.

import { search } from 'lab/fold';
import { callbackName, time, sentence } from 'lab/words';

const LABEL = 92, AXIS = 20, ROW = 15, GAP = 5;
// Lanes of what waits or stands, as against what runs: their spans are pale.
const PALE = new Set(['turns', 'timers', 'immediates', 'output']);

export class Timeline {
  constructor(canvas, log, lanes, go) {
    this.canvas = canvas; this.log = log; this.lanes = lanes; this.go = go;
    this.byTime = false; this.cursor = 0; this.scroll = 0;
    this.fit();
    this.listen();
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  get span() { return this.byTime ? Math.max(1, this.log.length ? this.log.t[this.log.length - 1] : 1) : Math.max(1, this.log.length); }
  fit() { this.from = 0; this.to = this.span; }
  // A place on the axis, of the moment after n events.
  place(n) { return this.byTime ? (n > 0 ? this.log.t[n - 1] : 0) : n; }
  x(value) { return LABEL + (value - this.from) / (this.to - this.from) * (this.width - LABEL); }
  value(x) { return this.from + (x - LABEL) / (this.width - LABEL) * (this.to - this.from); }

  setAxis(byTime) {
    const middle = this.place(this.cursor), share = (this.to - this.from) / this.span;
    this.byTime = byTime;
    const centre = this.place(this.cursor);
    if (share >= 1 || Number.isNaN(middle)) return this.fit();
    const width = Math.max(this.least, share * this.span);
    this.window(centre - width / 2, centre + width / 2);
  }

  get least() { return this.byTime ? 1000 : 8; }

  window(from, to) {
    const width = Math.min(this.span, Math.max(this.least, to - from));
    this.from = Math.max(0, Math.min(from, this.span - width));
    this.to = this.from + width;
  }

  zoom(factor, at = this.place(this.cursor)) {
    const inside = at >= this.from && at <= this.to ? at : (this.from + this.to) / 2;
    const width = Math.min(this.span, Math.max(this.least, (this.to - this.from) * factor));
    const share = (inside - this.from) / (this.to - this.from);
    this.window(inside - width * share, inside + width * (1 - share));
    this.draw();
  }

  pan(share) { const by = (this.to - this.from) * share; this.window(this.from + by, this.to + by); this.draw(); }

  show(n) {
    this.cursor = n;
    const at = this.place(n), width = this.to - this.from;
    if (at < this.from || at > this.to) this.window(at - width / 2, at + width / 2);
    this.draw();
  }

  listen() {
    const { canvas } = this;
    let drag = null;
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan((event.deltaX || event.deltaY) / this.width);
      else this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.value(event.offsetX));
    }, { passive: false });
    canvas.addEventListener('pointerdown', (event) => { drag = { x: event.offsetX, y: event.offsetY, moved: false, from: this.from, to: this.to, scroll: this.scroll }; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener('pointermove', (event) => {
      if (!drag) return this.hint(event);
      const by = (event.offsetX - drag.x) / (this.width - LABEL) * (drag.to - drag.from);
      if (Math.abs(event.offsetX - drag.x) + Math.abs(event.offsetY - drag.y) > 4) drag.moved = true;
      if (!drag.moved) return;
      this.scroll = Math.max(0, Math.min(this.overflow, drag.scroll - (event.offsetY - drag.y)));
      this.window(drag.from - by, drag.to - by);
      this.draw();
    });
    canvas.addEventListener('pointerup', (event) => {
      const moved = drag?.moved;
      drag = null;
      if (moved) return;
      const hit = this.hit(event.offsetX, event.offsetY);
      if (hit >= 0) return this.go(hit + 1);
      const value = this.value(event.offsetX);
      this.go(this.byTime ? search(this.log.t, value, true) : Math.round(value));
    });
  }

  hint(event) {
    const hit = this.hit(event.offsetX, event.offsetY);
    this.canvas.title = hit < 0 ? '' : sentence(this.log, hit);
  }

  hit(x, y) {
    for (const box of this.boxes ?? []) if (x >= box.x && x <= box.x + Math.max(box.w, 3) && y >= box.y && y < box.y + ROW) return box.id;
    return -1;
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    const { canvas } = this, ratio = devicePixelRatio || 1;
    this.width = canvas.clientWidth; this.height = canvas.clientHeight;
    if (canvas.width !== this.width * ratio || canvas.height !== this.height * ratio) { canvas.width = this.width * ratio; canvas.height = this.height * ratio; }
    const g = canvas.getContext('2d'), style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, this.width, this.height);
    g.font = '11px system-ui, sans-serif'; g.textBaseline = 'middle';
    this.axis(g, colour);
    const all = this.lanes.reduce((sum, lane) => sum + lane.rows * ROW + GAP, 0);
    this.overflow = Math.max(0, all - (this.height - AXIS));
    this.scroll = Math.min(this.scroll, this.overflow);
    this.boxes = []; this.tops = new Map();
    g.save(); g.beginPath(); g.rect(0, AXIS, this.width, this.height - AXIS); g.clip();
    let y = AXIS + 3 - this.scroll;
    for (const lane of this.lanes) {
      this.tops.set(lane, y);
      if (y + lane.rows * ROW > AXIS && y < this.height) this.lane(g, colour, lane, y);
      y += lane.rows * ROW + GAP;
    }
    g.restore();
    this.marks(g, colour);
  }

  axis(g, colour) {
    const width = this.to - this.from, raw = width / ((this.width - LABEL) / 110);
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = Math.max(this.byTime ? 1 : 1, [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw));
    g.fillStyle = colour('--soft'); g.strokeStyle = colour('--line'); g.lineWidth = 1;
    g.textAlign = 'left';
    g.fillText(this.byTime ? 'time' : 'event', 8, AXIS / 2);
    g.beginPath();
    for (let value = Math.ceil(this.from / step) * step; value <= this.to; value += step) {
      const x = Math.round(this.x(value)) + 0.5;
      g.moveTo(x, AXIS - 4); g.lineTo(x, this.height);
      if (x < this.width - 150) g.fillText(this.byTime ? time(value) : String(Math.round(value)), x + 3, AXIS / 2);
    }
    g.stroke();
  }

  lane(g, colour, lane, y) {
    g.fillStyle = colour('--text'); g.textAlign = 'left';
    g.fillText(lane.name, 8, y + ROW / 2);
    const from = this.byTime ? lane.fromT : lane.from, to = this.byTime ? lane.toT : lane.to, reach = this.byTime ? lane.reachT : lane.reach;
    const scale = (this.width - LABEL) / (this.to - this.from);
    const last = new Float64Array(lane.rows).fill(-1);
    g.save(); g.beginPath(); g.rect(LABEL, 0, this.width - LABEL, this.height); g.clip();
    g.fillStyle = colour(lane.colour);
    for (let i = search(reach, this.from); i < lane.n && from[i] <= this.to; i++) {
      const x = LABEL + (from[i] - this.from) * scale, end = LABEL + (to[i] - this.from) * scale;
      if (end < LABEL) continue;
      const row = lane.row[i];
      // What falls into a pixel that is drawn already can't be seen.
      if (end <= last[row]) continue;
      const left = Math.max(x, last[row], LABEL - 2), w = Math.max(1, end - left - (end - left > 3 ? 1 : 0));
      const top = y + row * ROW;
      g.globalAlpha = PALE.has(lane.name) ? 0.35 : 0.85;
      g.fillRect(left, top + 1, w, ROW - 3);
      last[row] = Math.max(last[row], Math.ceil(left + w));
      if (this.boxes.length < 20000) this.boxes.push({ x: left, y: top, w, id: lane.id[i], to: end, from: x });
      if (w > 18) this.label(g, colour, lane, lane.id[i], left, top, w);
    }
    g.globalAlpha = 1;
    g.restore();
  }

  label(g, colour, lane, id, x, y, w) {
    const e = this.log.get(id);
    // A line of the program; of Node's own modules the name.
    const line = !e.pos ? '' : e.pos.script.startsWith('node:') ? e.pos.script.slice(5) : `:${e.pos.line}`;
    const names = {
      'callback-begin': () => [`${callbackName(this.log, e)} ${line}`, line], 'turn-begin': () => [`turn ${e.turn}`, String(e.turn)], 'phase-begin': () => [e.phase], 'poll-begin': () => ['poll'],
      'handle-init': () => [this.log.sockets.has(e.number) ? `socket ${e.number} ${this.log.sockets.get(e.number)}` : `${e.kind} ${e.number}`],
      'timer-start': () => [`timer ${e.number}, ${e.delay} ms`, `${e.delay} ms`], 'immediate-start': () => [`immediate ${e.number}`, line],
      'pool-queued': () => { const own = this.log.get(id - 1); return own?.ev === 'request-start' ? [own.label, own.label.replace(/^fs\./, '')] : [`request ${e.number}`]; },
      console: () => { const text = e.text.slice(0, 200).trim().replace(/\s*\n\s*/g, ' ⏎ '); return [text, text.slice(0, 1 + Math.floor((w - 14) / 7)) + '…']; },
    };
    // The whole name if there is room for it, else a shorter one: half a name tells nothing.
    const text = (names[e.ev]?.() ?? []).find((name) => name && g.measureText(name).width <= w - 6);
    if (!text) return;
    g.save(); g.globalAlpha = 1;
    g.fillStyle = colour(PALE.has(lane.name) ? '--text' : '--back');
    g.fillText(text, x + 4, y + ROW / 2);
    g.restore(); g.fillStyle = colour(lane.colour);
  }

  // The cursor, what runs there, and the arrows that led to it.
  marks(g, colour) {
    const x = this.x(this.place(this.cursor));
    if (x >= LABEL) {
      g.strokeStyle = colour('--accent'); g.lineWidth = 2;
      g.beginPath(); g.moveTo(x, AXIS - 8); g.lineTo(x, this.height); g.stroke();
    }
    const chain = this.chain ?? [];
    g.strokeStyle = colour('--bad'); g.fillStyle = colour('--bad'); g.lineWidth = 1.5;
    for (const [at, event] of chain.entries()) {
      const box = this.boxOf(event.id);
      if (!box) continue;
      g.strokeRect(box.x - 0.5, box.y + 0.5, Math.max(box.w, 2) + 1, ROW - 2);
      const before = chain[at + 1] && this.boxOf(chain[at + 1].id);
      if (!before || event.cause < 0) continue;
      // It leaves where the cause happened, inside the callback that caused it.
      const value = this.byTime ? this.log.t[event.cause] : event.cause;
      const from = Math.max(LABEL, Math.min(this.x(value), this.width)), y0 = before.y + ROW - 3, y1 = box.y + (box.y >= before.y ? 1 : ROW - 3);
      const bend = Math.max(24, Math.abs(box.x - from) / 3);
      g.beginPath(); g.moveTo(from, y0); g.bezierCurveTo(from + bend, y0 + 14, box.x - bend, y1 - 14, box.x, y1); g.stroke();
      g.beginPath(); g.moveTo(box.x, y1); g.lineTo(box.x - 6, y1 - 4); g.lineTo(box.x - 2, y1 - 7); g.fill();
    }
  }

  boxOf(id) { return this.boxes.find((box) => box.id === id); }
}
