// Loaded before a script under real Node (`node --require`): holds the program up at random where a slow machine could, so that rare orders come.
// Time passes before and after timers are set and after callbacks; file operations are asked for later, as a slow disk would answer later.
'use strict';
const fs = require('fs');
let state = Number(process.env.LOOPLAB_SEED) >>> 0;
const random = () => { state = (state + 0x6d2b79f5) >>> 0; let t = Math.imul(state ^ (state >>> 15), state | 1); t ^= t + Math.imul(t ^ (t >>> 7), t | 61); return ((t ^ (t >>> 14)) >>> 0) / 4294967296; };
const pick = (list) => list[Math.floor(random() * list.length)];
const { setTimeout: later, setImmediate: soon, setInterval: often } = globalThis;
// One run stalls seldom and for long, another often and shortly, another not at all.
const share = pick([0, 0, 0.15, 0.4, 0.8]), long = pick([1.2, 2.5, 6, 12, 30]);
const slow = pick([0, 0.3, 0.6, 1]), delays = pick([[1, 2, 3], [0, 1, 5, 10], [2, 8, 20, 45]]);
// On a machine that is so many milliseconds quicker than this one, timers are due that much later in the program. An interval's period
// can't be moved so: with intervals, everything stays in its time.
const intervals = /setInterval|timers\/promises/.test((() => { try { return fs.readFileSync(process.argv[1], 'utf8'); } catch { return 'setInterval'; } })());
const quicker = intervals ? 0 : pick([0, 0, 5, 25, 60]);
const clock = process.hrtime.bigint;
function stall() {
  if (random() >= share) return;
  const until = clock() + BigInt(Math.round(random() * long * 1e6));
  while (clock() < until);
}
const held = (f) => (typeof f !== 'function' ? f : function (...args) { try { return f.apply(this, args); } finally { stall(); } });

const properties = (from, to) => { for (const key of Reflect.ownKeys(from)) if (!Object.hasOwn(to, key) || key === 'name') Object.defineProperty(to, key, Object.getOwnPropertyDescriptor(from, key)); return to; };
globalThis.setTimeout = properties(later, (f, delay, ...rest) => { stall(); const timer = later(held(f), (delay >= 1 ? delay : 1) + quicker, ...rest); stall(); return timer; });
globalThis.setInterval = properties(often, (f, ...rest) => { stall(); const timer = often(held(f), ...rest); stall(); return timer; });
globalThis.setImmediate = properties(soon, (f, ...rest) => { const immediate = soon(held(f), ...rest); stall(); return immediate; });

// Slow operations hold a worker, so the next ones wait their turn as they would for the pool.
const lanes = Math.max(1, Number(process.env.UV_THREADPOOL_SIZE) || 4), waiting = [];
let busy = 0;
function enter(start) { if (busy < lanes) { busy++; start(); } else waiting.push(start); }
function leave() { const next = waiting.shift(); if (next) next(); else busy--; }
const hold = (start) => (random() >= slow ? start() : later(start, pick(delays)));

const names = ['access', 'stat', 'lstat', 'readFile', 'readdir', 'open', 'realpath', 'writeFile', 'appendFile', 'unlink', 'rename', 'mkdir', 'copyFile', 'exists', 'readlink', 'rm', 'close', 'fstat', 'read', 'write'];
for (const name of names) {
  const plain = fs[name];
  fs[name] = properties(plain, (...args) => {
    const at = args.length - 1, done = args[at];
    if (typeof done !== 'function') return plain(...args);
    args[at] = function (...results) { leave(); return held(done).apply(this, results); };
    enter(() => hold(() => { try { plain(...args); } catch (error) { leave(); throw error; } }));
  });
  const promised = fs.promises[name];
  if (!promised) continue;
  fs.promises[name] = (...args) => {
    const ask = () => promised.apply(fs.promises, args);
    // Nothing is attached to the program's own promise: an unhandled rejection stays one.
    if (busy < lanes && random() >= slow) return ask();
    return new Promise((resolve, reject) => enter(() => later(() => ask().then((value) => { leave(); resolve(value); }, (error) => { leave(); reject(error); }), pick(delays))));
  };
}
