// Events in words.

import { NONE } from 'lab/data';

const KINDS = {
  'main-script': 'main script', module: 'module', tick: 'tick', microtask: 'microtask', reaction: 'promise callback',
  'async-hop': 'async function goes on', thenable: "thenable's then()", 'poll-io': 'descriptor', pool: 'answer', wake: 'wake-up',
  pending: 'deferred callback', close: 'close callback', signal: 'signal handler', 'before-exit': "'beforeExit' listener",
  exit: "'exit' listener", 'uncaught-exception': "'uncaughtException' listener", rejection: 'rejection listener',
};

export function time(nanos) {
  const units = [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs']];
  if (nanos === 0) return '0 ms';
  for (const [size, unit] of units) if (nanos >= size) return +(nanos / size).toPrecision(3) + ' ' + unit;
  return nanos + ' ns';
}

export function shortName(log, script) {
  const name = script.replace(/^file:\/\//, '');
  return name.slice(name.lastIndexOf('/') + 1) || name;
}

export function place(log, pos) {
  return pos ? `${shortName(log, pos.script)}:${pos.line}` : '';
}

// A callback's name: its kind, its number where siblings have one, its function.
export function callbackName(log, event) {
  let name = KINDS[event.kind] ?? event.kind;
  if (event.kind === 'timer' || event.kind === 'immediate') name = `${event.kind} ${event.number}`;
  const cause = log.get(event.cause);
  if (event.kind === 'pool' && cause?.ev === 'request-start') name = cause.label;
  if (event.kind === 'close' && cause?.ev === 'handle-closing') name = `close of ${cause.kind} ${cause.number}`;
  const own = event.label && !event.label.includes('.') ? ` ${event.label}()` : '';
  return name + own;
}

// Who scheduled a callback, in a few words.
export function because(log, event) {
  const cause = log.get(event.cause);
  if (!cause) return event.kind === 'main-script' ? 'the program begins' : '';
  const at = place(log, cause.pos);
  const where = at ? ` at ${at}` : '';
  switch (cause.ev) {
    case 'timer-start': return `set${where} for ${cause.delay} ms`;
    case 'immediate-start': return `set${where}`;
    case 'tick-queued': case 'microtask-queued': return `queued${where}`;
    case 'reaction-queued': return cause.kind === 'await' ? `waited${where}; the promise was settled` : `attached${where}; the promise was settled`;
    case 'request-start': return `asked for${where}`;
    case 'handle-closing': return 'its handle was closed';
    case 'callback-begin': return 'put off by what ran before';
    default: return cause.ev + where;
  }
}

// What happened, in one line.
export function sentence(log, id) {
  const e = log.get(id);
  if (!e) return 'before the first event';
  const at = place(log, e.pos);
  const where = at ? ` at ${at}` : '';
  switch (e.ev) {
    case 'callback-begin': return `${callbackName(log, e)} begins${where}`;
    case 'callback-end': { const begin = log.get(e.begin); return `${begin ? callbackName(log, begin) : 'callback'} ${e.outcome === 'threw' ? 'threw' : 'is over'}`; }
    case 'console': return `prints ${JSON.stringify(e.text)}`;
    case 'timer-start': return e.pos ? `sets timer ${e.number}, ${e.delay} ms${where}` : `timer ${e.number} starts over, ${e.delay} ms`;
    case 'timer-fire': return `timer ${e.number} is due${e.late ? `, ${e.late} ms late` : ''}`;
    case 'timer-stop': return `clears timer ${e.number}${where}`;
    case 'immediate-start': return `sets immediate ${e.number}${where}`;
    case 'tick-queued': return `queues a tick${where}`;
    case 'microtask-queued': return `queues a microtask${where}`;
    case 'reaction-queued': return `a promise job enters the microtask queue${e.pos ? ` (attached${where})` : ''}`;
    case 'await-suspended': return `${e.label || 'a function'} waits in await${where}`;
    case 'await-resumed': return 'an async function goes on';
    case 'request-start': return `asks for ${e.label}${where}`;
    case 'request-end': return `request ${e.number} is ${e.end}`;
    case 'pool-queued': return e.waiting ? `request ${e.number} waits in the pool's queue, place ${e.waiting}` : `a worker takes request ${e.number} at once`;
    case 'pool-started': return `worker ${e.worker} took request ${e.number} after ${time(e.wait)}`;
    case 'pool-finished': return `worker ${e.worker} was done with request ${e.number} after ${time(e.run)}`;
    case 'turn-begin': return `turn ${e.turn} begins`;
    case 'turn-end': return `turn ${e.turn} is over; ${e.alive ? 'something keeps the loop alive' : 'nothing keeps the loop alive'}`;
    case 'phase-begin': return `phase ${e.phase} begins: ${e.ready} ready`;
    case 'phase-end': return `phase ${e.phase} is over`;
    case 'poll-begin': return e.timeout < 0 ? 'poll: may wait for ever' : e.timeout === 0 ? `poll: doesn't wait (${e.why})` : `poll: may wait ${e.timeout} ms (${e.why})`;
    case 'poll-end': return `poll: ${e.ready} ready after ${time(e.waited)}`;
    case 'drain-begin': return 'ticks and microtasks run now, before anything else';
    case 'drain-end': return `queues are empty: ${e.ticks} ticks and ${e.microtasks} microtasks ran`;
    case 'choice': return `race: ${e.kind}, way ${e.taken + 1} of ${e.options}`;
    case 'loop-start': return `the loop starts, rules of Node ${e.profile}`;
    case 'loop-end': return `the loop ends: ${e.reason}`;
    case 'statement': return `statement${where}`;
    case 'frame-enter': return `${e.resumed ? 'goes on in' : 'enters'} ${e.label || 'a function'}${where}`;
    case 'frame-leave': return `leaves the function: ${e.how}${e.value ? ` ${e.value}` : ''}`;
    case 'variable': return e.value === '' ? `${e.name} goes out of scope` : `${e.name} = ${e.value}`;
    case 'module-begin': return `loads ${shortName(log, e.name)}`;
    case 'module-end': return 'module loaded';
    case 'uncaught-error': return `${e.handled ? 'error taken by a listener' : 'uncaught'}: ${e.text}`;
    case 'exit-code': return `exit code ${e.code}`;
    default: return e.ev.replaceAll('-', ' ') + (e.number !== undefined ? ` ${e.number}` : '') + where;
  }
}

// The chain of causes of what runs: callback, the one that scheduled it, and so on to the main script.
export function why(log, begin) {
  const chain = [];
  for (let id = begin; id !== NONE && chain.length < 100;) {
    const event = log.get(id);
    if (event?.ev !== 'callback-begin') break;
    chain.push(event);
    // What a callback brings about without an event of its own names that callback as its cause.
    id = event.cause === NONE ? event.in : log.name(event.cause) === 'callback-begin' ? event.cause : log.within[event.cause];
  }
  return chain;
}
