// What holds after the first n events: the same fold as lab/src/state, which a test compares with this one.

import { NONE } from 'lab/data';

// Small enough that a jump to any moment of a million costs a few milliseconds.
const SPACING = 1024;

class State {
  constructor() {
    this.at = 0; this.turn = 0; this.phase = ''; this.polling = false; this.life = 'before'; this.profile = 0; this.simulated = false;
    this.running = []; this.frames = []; this.ticks = []; this.microtasks = []; this.immediates = [];
    this.timers = new Map(); this.requests = new Map(); this.handles = new Map(); this.deferred = []; this.awaits = new Map();
  }

  copy() {
    const copy = Object.assign(new State(), this);
    copy.running = this.running.map((one) => ({ ...one }));
    copy.frames = this.frames.map((one) => ({ ...one, variables: one.variables.slice() }));
    for (const list of ['ticks', 'microtasks', 'immediates', 'deferred']) copy[list] = this[list].slice();
    for (const map of ['timers', 'requests', 'handles', 'awaits']) copy[map] = new Map(this[map]);
    return copy;
  }

  weight() {
    let sum = this.ticks.length + this.microtasks.length + this.immediates.length + this.timers.size + this.requests.size + this.handles.size + this.awaits.size;
    for (const frame of this.frames) sum += frame.variables.length;
    return sum;
  }
}

// Takes an entry out of a queue. It is the first but for what was cut.
function take(queue, entry) {
  if (queue[0] === entry) return void queue.shift();
  const at = queue.indexOf(entry);
  if (at >= 0) queue.splice(at, 1);
}

const handleKey = (event) => event.kind + ' ' + event.number;

const STEPS = {
  'loop-start'(s, e) { s.life = 'loop'; s.profile = e.profile; s.simulated = e.simulated; },
  'loop-end'(s, e) { s.life = 'ended: ' + e.reason; s.phase = ''; s.polling = false; },
  'turn-begin'(s, e) { s.turn = e.turn; s.phase = ''; },
  'turn-end'(s) { s.phase = ''; },
  'phase-begin'(s, e) { s.phase = e.phase; },
  'phase-end'(s) { s.phase = ''; },
  'poll-begin'(s) { s.phase = 'poll'; s.polling = true; },
  'poll-end'(s) { s.phase = ''; s.polling = false; },
  'callback-begin'(s, e) {
    switch (e.kind) {
      case 'tick': take(s.ticks, e.cause); break;
      case 'microtask': case 'reaction': case 'async-hop': case 'thenable': take(s.microtasks, e.cause); break;
      case 'timer': s.timers.delete(e.number); break;
      case 'immediate': { const at = s.immediates.findIndex((one) => one.start === e.cause); if (at >= 0) s.immediates.splice(at, 1); break; }
      case 'close': if (e.cause !== NONE) for (const [key, handle] of s.handles) if (handle.closing === e.cause) s.handles.delete(key); break;
      case 'pending': take(s.deferred, e.cause); break;
    }
    s.running.push({ begin: e.id, base: s.frames.length, statement: NONE });
  },
  'callback-end'(s, e) {
    const at = s.running.findLastIndex((one) => one.begin === e.begin);
    if (at < 0) return;
    s.frames.length = Math.min(s.frames.length, s.running[at].base);
    s.running.length = at;
  },
  'statement'(s, e) {
    const frame = s.frames.at(-1), running = s.running.at(-1);
    if (frame) frame.statement = e.id;
    if (running) running.statement = e.id;
  },
  'frame-enter'(s, e) { s.frames.push({ enter: e.id, statement: NONE, variables: [] }); },
  'frame-leave'(s) { if (s.frames.length > (s.running.at(-1)?.base ?? 0)) s.frames.pop(); },
  'variable'(s, e) {
    const frame = s.frames.at(-1);
    if (!frame) return;
    const at = frame.variables.findIndex((one) => one.scope === e.scope && one.name === e.name);
    if (e.value === '') { if (at >= 0) frame.variables.splice(at, 1); return; }
    const one = { scope: e.scope, name: e.name, value: e.value, since: e.id };
    if (at >= 0) frame.variables[at] = one; else frame.variables.push(one);
  },
  'tick-queued'(s, e) { s.ticks.push(e.id); },
  'microtask-queued'(s, e) { s.microtasks.push(e.id); },
  'reaction-queued'(s, e) { s.microtasks.push(e.id); },
  'await-suspended'(s, e) { s.awaits.set(e.id, e.promise); },
  'await-resumed'(s, e) { s.awaits.delete(e.suspended); },
  'timer-start'(s, e) { s.timers.set(e.number, { due: e.due, start: e.id, refed: s.timers.get(e.number)?.refed ?? true }); },
  'timer-stop'(s, e) { s.timers.delete(e.number); },
  'immediate-start'(s, e) { s.immediates.push({ number: e.number, start: e.id, refed: true }); },
  'immediate-stop'(s, e) { const at = s.immediates.findIndex((one) => one.number === e.number); if (at >= 0) s.immediates.splice(at, 1); },
  'deferred'(s, e) { s.deferred.push(e.id); },
  'request-start'(s, e) { s.requests.set(e.number, { start: e.id, pooled: false }); },
  'pool-queued'(s, e) { const one = s.requests.get(e.number); if (one) s.requests.set(e.number, { ...one, pooled: true }); },
  'request-end'(s, e) { s.requests.delete(e.number); },
  'handle-ref'(s, e) { refer(s, e, true); },
  'handle-unref'(s, e) { refer(s, e, false); },
  'handle-init'(s, e) {
    if (e.kind === 'timer' || e.kind === 'immediate') return;
    s.handles.set(handleKey(e), { init: e.id, active: e.kind === 'async' || e.kind === 'io', refed: true, closing: NONE });
  },
  'handle-start'(s, e) { change(s, e, { active: true }); },
  'handle-stop'(s, e) {
    if (e.kind === 'io') s.handles.delete(handleKey(e));
    else if (s.handles.has(handleKey(e))) change(s, e, { active: false });
  },
  'handle-closing'(s, e) { change(s, e, { active: false, closing: e.id }); if (e.kind === 'timer') s.timers.delete(e.number); },
  'handle-closed'(s, e) { s.handles.delete(handleKey(e)); },
  'exit-code'(s, e) { s.life = 'exited: ' + e.code; },
};

function change(s, e, what) {
  const before = s.handles.get(handleKey(e)) ?? { init: e.id, active: false, refed: true, closing: NONE };
  s.handles.set(handleKey(e), { ...before, ...what });
}

function refer(s, e, refed) {
  if (e.kind === 'timer' && s.timers.has(e.number)) s.timers.set(e.number, { ...s.timers.get(e.number), refed });
  if (e.kind === 'immediate') s.immediates = s.immediates.map((one) => one.number === e.number ? { ...one, refed } : one);
  if (s.handles.has(handleKey(e))) change(s, e, { refed });
}

// A log whose states can be looked at in any order.
export class History {
  constructor(log) {
    this.log = log;
    this.steps = log.table.map(({ name }) => STEPS[name]);
    this.keyframes = [new State()];
    const lists = { 'callback-begin': [], 'turn-begin': [], statement: [], console: [] };
    // How high the call stack is at each statement.
    this.phases = []; this.depths = [];
    const state = new State();
    let since = 0;
    for (let id = 0; id < log.length; id++) {
      const name = log.name(id);
      lists[name]?.push(id);
      this.apply(state);
      if (name === 'statement') this.depths.push(state.frames.length);
      else if (name === 'phase-begin' || name === 'poll-begin') this.phases.push(id);
      if (++since >= SPACING && since >= state.weight() * 4) { this.keyframes.push(state.copy()); since = 0; }
    }
    [this.callbacks, this.turns, this.statements, this.console] = Object.values(lists);
    this.current = new State();
  }

  // The state after the first n events, to keep.
  stateAt(n) {
    const state = this.keyframe(n).copy();
    while (state.at < n) this.apply(state);
    return state;
  }

  // The moment of the nearest statement that is no deeper on the call stack (further out: less deep); from the outermost function, the next one of
  // another callback.
  nearest(state, out, forward) {
    const { statements, depths } = this, here = state.frames.length, first = state.running[0];
    const outermost = state.running.length === 0 || (state.running.at(-1).base === 0 && here <= 1);
    const step = forward ? 1 : -1;
    let at = forward ? search(statements, state.at) : search(statements, state.at - 1) - 1;
    const limit = out ? here - 1 : here > 0 ? here : Infinity;
    const fits = out && outermost ? (i) => !first || !this.isWithin(statements[i], first.begin) : (i) => depths[i] <= limit;
    while (at >= 0 && at < statements.length && !fits(at)) at += step;
    return at < 0 ? 0 : at >= statements.length ? this.log.length : statements[at] + 1;
  }

  // Whether an event happened in a callback, or in one that ran inside it.
  isWithin(id, begin) {
    for (let at = this.log.within[id]; at !== NONE && at >= begin; at = this.log.within[at]) if (at === begin) return true;
    return false;
  }

  // What had been scheduled before a callback was, and still waited when it began: events, in order.
  overtook(begin) {
    const { cause } = this.log.get(begin);
    if (cause === NONE) return [];
    const s = this.stateAt(begin), starts = (map) => [...map.values()].map((one) => one.start);
    const closing = [...s.handles.values()].map((one) => one.closing);
    const all = [...s.ticks, ...s.microtasks, ...s.deferred, ...starts(s.timers), ...s.immediates.map((one) => one.start), ...starts(s.requests), ...closing];
    return all.filter((id) => id !== NONE && id < cause).sort((a, b) => a - b);
  }

  apply(state) {
    const id = state.at++;
    const step = this.steps[this.log.ev[id]];
    if (step) step(state, this.log.get(id));
  }

  // The state after the first n events. It is the history's own: look, don't keep.
  seek(n) {
    n = Math.max(0, Math.min(n, this.log.length));
    const key = this.keyframe(n);
    if (this.current.at > n || this.current.at < key.at) this.current = key.copy();
    while (this.current.at < n) this.apply(this.current);
    return this.current;
  }

  keyframe(n) {
    let low = 0, high = this.keyframes.length;
    while (high - low > 1) { const middle = (low + high) >> 1; if (this.keyframes[middle].at <= n) low = middle; else high = middle; }
    return this.keyframes[low];
  }
}

// The first place in a sorted list whose entry is at least (or, with after, more than) the value.
export function search(list, value, after = false) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value || (after && list[middle] === value)) low = middle + 1; else high = middle;
  }
  return low;
}
