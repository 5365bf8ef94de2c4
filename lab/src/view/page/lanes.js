// The lanes of the timeline: one pass over the log gives each its spans, as event numbers and as times.

import { search } from 'lab/fold';

class Lane {
  constructor(name, colour) { this.name = name; this.colour = colour; this.spans = []; this.open = []; }
  // from, to: event numbers. fromT, toT: nanoseconds. id: the event that a click goes to.
  add(from, to, fromT, toT, id, depth = 0) { this.spans.push({ from, to, fromT, toT, id, depth }); }
}

export function lanesOf(log) {
  const lane = {
    turns: new Lane('turns', '--module'), phases: new Lane('phases', '--phase'), callbacks: new Lane('callbacks', '--callback'),
    ticks: new Lane('ticks', '--tick'), microtasks: new Lane('microtasks', '--microtask'), timers: new Lane('timers', '--timer'),
    sockets: new Lane('sockets', '--worker'), immediates: new Lane('immediates', '--callback'), output: new Lane('output', '--module'),
  };
  // What each socket is: listening, connecting, accepted.
  log.sockets = new Map();
  const workers = [];
  const open = new Map(), timers = new Map(), immediates = new Map(), queued = new Map(), handles = new Map();
  let turn = null, phase = null, started = null, printed = null;
  const laneOf = (kind) => kind === 'tick' ? lane.ticks : ['microtask', 'reaction', 'async-hop', 'thenable'].includes(kind) ? lane.microtasks : lane.callbacks;
  const interesting = new Set(['turn-begin', 'turn-end', 'phase-begin', 'phase-end', 'poll-begin', 'poll-end', 'callback-begin', 'callback-end', 'timer-start', 'timer-fire', 'timer-stop', 'immediate-start', 'immediate-stop', 'console', 'pool-queued', 'pool-started', 'pool-finished', 'handle-init', 'handle-closed', 'handle-stop', 'socket-open', 'loop-end']);
  const wanted = log.table.map(({ name }) => interesting.has(name));
  let running = 0;
  for (let id = 0; id < log.length; id++) {
    if (!wanted[log.ev[id]]) continue;
    const e = log.get(id), t = e.t;
    switch (e.ev) {
      case 'turn-begin': turn = e; break;
      case 'turn-end': case 'loop-end': if (turn) lane.turns.add(turn.id, id, turn.t, t, turn.id); turn = null; break;
      case 'poll-begin': case 'phase-begin': phase = e; break;
      case 'poll-end': case 'phase-end': if (phase) lane.phases.add(phase.id, id, phase.t, t, phase.id); phase = null; break;
      case 'callback-begin': {
        open.set(id, { e, depth: Math.min(running++, 3) });
        const one = e.kind === 'immediate' ? immediates.get(e.number) : undefined;
        if (one) lane.immediates.add(one.id, id, one.t, t, one.id);
        immediates.delete(one?.number);
        break;
      }
      case 'callback-end': {
        const one = open.get(e.begin);
        if (!one) break;
        open.delete(e.begin); running = Math.max(0, running - 1);
        laneOf(one.e.kind).add(one.e.id, id, one.e.t, t, one.e.id, one.depth);
        break;
      }
      case 'timer-start': timers.set(e.number, e); break;
      case 'timer-fire': case 'timer-stop': {
        const one = timers.get(e.number);
        if (one) lane.timers.add(one.id, id, one.t, t, one.id);
        timers.delete(e.number);
        break;
      }
      case 'immediate-start': immediates.set(e.number, e); break;
      case 'immediate-stop': {
        const one = immediates.get(e.number);
        if (one) lane.immediates.add(one.id, id, one.t, t, one.id);
        immediates.delete(e.number);
        break;
      }
      // What was printed last stands there until something else is printed.
      case 'console': if (printed) lane.output.add(printed.id, id, printed.t, t, printed.id); printed = e; break;
      case 'pool-queued': queued.set(e.number, e); break;
      case 'pool-started': started = e; break;
      case 'pool-finished': {
        if (started?.number !== e.number) break;
        const asked = queued.get(e.number);
        const from = Math.max(asked?.id ?? 0, Math.min(id, search(log.t, started.t)));
        const own = workers[e.worker] ??= new Lane(`worker ${e.worker}`, '--worker');
        // A worker does one thing at a time; that it was done is learned a little later.
        own.add(Math.max(from, own.spans.at(-1)?.to ?? 0), id, started.t, t, asked?.id ?? id);
        queued.delete(e.number);
        break;
      }
      case 'socket-open': log.sockets.set(e.number, e.label); break;
      case 'handle-init': if (e.kind === 'io' || e.kind === 'other') handles.set(e.kind + e.number, e); break;
      case 'handle-closed': case 'handle-stop': {
        const one = handles.get(e.kind + e.number);
        if (one) lane.sockets.add(one.id, id, one.t, t, one.id);
        handles.delete(e.kind + e.number);
        break;
      }
    }
  }
  const end = log.length, endT = log.length ? log.t[log.length - 1] : 0;
  for (const { e, depth } of open.values()) laneOf(e.kind).add(e.id, end, e.t, endT, e.id, depth);
  if (printed) lane.output.add(printed.id, end, printed.t, endT, printed.id);
  for (const one of immediates.values()) lane.immediates.add(one.id, end, one.t, endT, one.id);
  for (const one of timers.values()) lane.timers.add(one.id, end, one.t, endT, one.id);
  for (const one of handles.values()) lane.sockets.add(one.id, end, one.t, endT, one.id);
  const all = [lane.turns, lane.phases, lane.callbacks, lane.ticks, lane.microtasks, lane.output, ...workers.filter(Boolean), lane.timers, lane.immediates, lane.sockets];
  return all.filter((one) => one.spans.length > 0).map(pack);
}

// Spans as typed arrays in order of their beginning; overlapping ones (timers, sockets) in up to four rows.
function pack({ name, colour, spans }) {
  spans.sort((a, b) => a.from - b.from);
  const n = spans.length;
  const packed = { name, colour, n, from: new Float64Array(n), to: new Float64Array(n), fromT: new Float64Array(n), toT: new Float64Array(n), id: new Int32Array(n), row: new Uint8Array(n), rows: 1 };
  const ends = [];
  for (let i = 0; i < n; i++) {
    const one = spans[i];
    packed.from[i] = one.from; packed.to[i] = one.to; packed.fromT[i] = one.fromT; packed.toT[i] = Math.max(one.toT, one.fromT); packed.id[i] = one.id;
    let row = ends.findIndex((end) => end <= one.from);
    if (row < 0) row = ends.length < 4 ? ends.length : 3;
    ends[row] = Math.max(ends[row] ?? 0, one.to);
    packed.row[i] = row;
    packed.rows = Math.max(packed.rows, row + 1);
  }
  // The furthest end so far: where a search for what reaches into the view may begin.
  packed.reach = new Float64Array(n); packed.reachT = new Float64Array(n);
  let far = 0, farT = 0;
  for (let i = 0; i < n; i++) { packed.reach[i] = far = Math.max(far, packed.to[i]); packed.reachT[i] = farT = Math.max(farT, packed.toT[i]); }
  return packed;
}
