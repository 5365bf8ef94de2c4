// The page: position, steps, keys, and the address that can be shared.

import { Log, NONE, bytesOf } from 'lab/data';
import { History, search } from 'lab/fold';
import { lanesOf } from 'lab/lanes';
import { Timeline } from 'lab/timeline';
import { Panes } from 'lab/panes';
import { sentence, time } from 'lab/words';

const element = (id) => document.getElementById(id);
const log = new Log(JSON.parse(element('head').textContent), bytesOf(element('events').textContent));
element('events').textContent = '';
const history = new History(log);
const panes = new Panes(log, history, (n) => go(n));
const timeline = new Timeline(element('canvas'), log, lanesOf(log), (n) => go(n));
let at = 0, written;

// Shows the moment after the first n events.
function go(n, keepAddress = false) {
  at = Math.max(0, Math.min(Math.round(n) || 0, log.length));
  const state = history.seek(at);
  panes.show(state);
  timeline.chain = panes.chain;
  timeline.show(at);
  element('scrubber').value = at;
  element('position').textContent = `${at.toLocaleString('en')} of ${log.length.toLocaleString('en')}`;
  const now = element('now');
  now.replaceChildren(Object.assign(document.createElement('b'), { textContent: at ? time(log.t[at - 1]) : 'the beginning' }), ` · ${sentence(log, at - 1)}`);
  element('scrubber').setAttribute('aria-valuetext', now.textContent);
  if (!keepAddress) {
    // Browsers refuse many changes of the address in short time; the last one counts.
    clearTimeout(written);
    written = setTimeout(() => window.history.replaceState(null, '', address()), 120);
  }
}

function address() {
  const view = `${Math.round(timeline.from)}-${Math.round(timeline.to)}`;
  const all = timeline.from === 0 && timeline.to === timeline.span;
  return `#e=${at}${all ? '' : `&view=${view}`}${timeline.byTime ? '&axis=time' : ''}`;
}

function restore() {
  const parts = new URLSearchParams(location.hash.slice(1));
  setAxis(parts.get('axis') === 'time');
  const [from, to] = (parts.get('view') ?? '').split('-').map(Number);
  if (to > from) timeline.window(from, to);
  go(Number(parts.get('e') ?? firstStop()), true);
}

// Where a reader begins: the main script.
const firstStop = () => (history.callbacks.length ? history.callbacks[0] + 1 : 0);

function along(list, forward) {
  if (forward) { const next = list[search(list, at)]; return next === undefined ? log.length : next + 1; }
  const before = list[search(list, at - 1) - 1];
  return before === undefined ? 0 : before + 1;
}

// Over called functions, or out of this one; from callback to callback where statements were not recorded.
function step(out, forward) {
  return history.statements.length ? history.nearest(history.seek(at), out, forward) : along(history.callbacks, forward);
}

function setAxis(byTime) {
  if (byTime !== timeline.byTime) timeline.setAxis(byTime);
  element('axis').textContent = byTime ? 'by time' : 'by event';
}

const commands = {
  start: () => go(0), end: () => go(log.length), back: () => go(at - 1), forward: () => go(at + 1),
  callback: () => go(along(history.callbacks, true)), 'callback-back': () => go(along(history.callbacks, false)),
  turn: () => go(along(history.turns, true)), 'turn-back': () => go(along(history.turns, false)),
  statement: () => go(along(history.statements.length ? history.statements : history.callbacks, true)),
  over: () => go(step(false, true)), 'over-back': () => go(step(false, false)),
  out: () => go(step(true, true)), 'out-back': () => go(step(true, false)),
  phase: () => go(along(history.phases, true)), 'phase-back': () => go(along(history.phases, false)),
  'statement-back': () => go(along(history.statements.length ? history.statements : history.callbacks, false)),
  cause: () => { const top = panes.chain[0]; if (top && top.cause !== NONE) go(top.cause + 1); },
  'zoom-in': () => timeline.zoom(0.6), 'zoom-out': () => timeline.zoom(1 / 0.6),
  fit: () => { timeline.fit(); timeline.draw(); },
  left: () => timeline.pan(-0.25), right: () => timeline.pan(0.25),
  axis: () => { setAxis(!timeline.byTime); go(at); },
  help: () => element('help').showModal(),
};
const keys = {
  ArrowRight: 'forward', ArrowLeft: 'back', 'Shift+ArrowRight': 'callback', 'Shift+ArrowLeft': 'callback-back', PageDown: 'turn', PageUp: 'turn-back',
  Home: 'start', End: 'end', ']': 'statement', '[': 'statement-back', n: 'over', N: 'over-back', o: 'out', O: 'out-back', p: 'phase', P: 'phase-back', c: 'cause', '+': 'zoom-in', '=': 'zoom-in', '-': 'zoom-out', 0: 'fit', ',': 'left', '.': 'right', t: 'axis', '?': 'help',
};

document.addEventListener('click', (event) => { const name = event.target.closest?.('[data-go]')?.dataset.go; if (name) commands[name](); });
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || element('help').open) return;
  const name = keys[event.shiftKey && event.key.startsWith('Arrow') ? `Shift+${event.key}` : event.key];
  if (!name) return;
  event.preventDefault();
  commands[name]();
});
element('scrubber').max = log.length;
element('scrubber').addEventListener('input', (event) => go(Number(event.target.value)));
window.addEventListener('hashchange', restore);
element('title').textContent = log.title;
restore();
// For tests: how the page stands.
window.looplab = { log, history, timeline, go, state: () => history.seek(at), position: () => at };
document.documentElement.dataset.ready = String(Math.round(performance.now()));
