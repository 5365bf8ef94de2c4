// What stands beside the timeline: source, queues, causes, call stack, output.

import { NONE } from 'lab/data';
import { search } from 'lab/fold';
import { because, callbackName, place, sentence, shortName, time, why } from 'lab/words';

const SHOWN = 12;
const AROUND = 400;
const OVERTOOK = 6;
// Callbacks of a chain of causes shown at most.
const CAUSES = 20;
// Outputs shown at most: the last ones.
const PRINTED = 100;

// An element with attributes and children.
export function h(tag, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export class Panes {
  constructor(log, history, go) {
    this.log = log; this.history = history; this.go = go;
    this.file = null; this.window = null;
    this.lines = new Map(log.scripts.map((script) => [script.name.replace(/^file:\/\//, ''), script.text.split('\n')]));
  }

  show(state) {
    const running = state.running.at(-1);
    this.source(state, running);
    this.queues(state);
    this.why(running);
    this.stack(state, running);
    this.output(state);
  }

  link(id, ...text) {
    return h('li', {}, h('button', { onclick: () => this.go(id + 1), title: sentence(this.log, id) }, ...text));
  }

  where(pos) { return h('span', { className: 'place' }, pos ? ' ' + place(this.log, pos) : ''); }

  // The place to show: the statement or what the last event says, else the running callback's function.
  position(state, running) {
    const frame = state.frames.at(-1);
    const last = this.log.get(state.at - 1);
    const own = last && last.ev !== 'callback-end' ? last.pos : null;
    const at = (id) => (id !== undefined && id !== NONE ? this.log.get(id)?.pos : null);
    return own ?? at(frame?.statement) ?? at(running?.statement) ?? at(running?.begin);
  }

  source(state, running) {
    const pos = this.position(state, running) ?? this.shown;
    const code = document.getElementById('code');
    const name = pos ? pos.script.replace(/^file:\/\//, '') : this.lines.keys().next().value;
    document.getElementById('file').textContent = name ? `Source · ${shortName(this.log, name)}${pos ? `:${pos.line}` : ''}` : 'Source';
    const lines = this.lines.get(name);
    if (!lines) {
      code.replaceChildren(h('p', { className: 'empty' }, name ? ' The text of this script is not in the page.' : ' No script.'));
      this.file = null;
      return;
    }
    this.shown = pos;
    const line = pos?.line ?? 1;
    if (this.file !== name || line < this.window.from + 20 && this.window.from > 1 || line > this.window.to - 20 && this.window.to < lines.length) {
      // A part of a long file, so that every step stays quick.
      const from = Math.max(1, line - AROUND), to = Math.min(lines.length, line + AROUND);
      const rows = [];
      for (let n = from; n <= to; n++) rows.push(h('div', {}, h('span', { className: 'n' }, String(n)), h('span', {}, lines[n - 1])));
      code.replaceChildren(...rows);
      this.file = name; this.window = { from, to }; this.lit = null;
    }
    const row = (n) => code.children[n - this.window.from];
    if (this.lit) { this.lit.row.removeAttribute('aria-current'); this.lit.row.className = ''; this.lit.row.lastChild.textContent = this.lit.text; this.lit = null; }
    this.cause?.classList.remove('from');
    const here = pos && row(line);
    if (here) {
      const text = lines[line - 1], column = pos.column - 1;
      here.className = 'here';
      here.lastChild.replaceChildren(text.slice(0, column), h('mark', {}, text.slice(column)));
      here.setAttribute('aria-current', 'true');
      this.lit = { row: here, text };
      // With the next frame, which lays the page out in any case: asking for places now would do it twice.
      cancelAnimationFrame(this.scrolling);
      this.scrolling = requestAnimationFrame(() => {
        const top = here.offsetTop - code.offsetTop;
        if (top < code.scrollTop + 30 || top > code.scrollTop + code.clientHeight - 50) code.scrollTop = top - code.clientHeight / 2;
      });
    }
    const cause = running && this.log.get(this.log.get(running.begin).cause)?.pos;
    this.cause = cause && cause.script.replace(/^file:\/\//, '') === name ? row(cause.line) : null;
    this.cause?.classList.add('from');
  }

  list(title, count, items) {
    if (count === 0) return null;
    const more = count - items.length;
    return h('section', {}, h('h3', {}, title, h('span', {}, String(count))), h('ol', {}, ...items, more > 0 ? h('li', { className: 'soft' }, `… ${more} more`) : null));
  }

  queues(state) {
    const { log } = this;
    const entry = (id) => { const e = log.get(id); return this.link(id, e.label || (e.ev === 'reaction-queued' ? 'promise callback' : e.ev.replace('-queued', '')), this.where(e.pos)); };
    const now = Math.floor(state.at ? log.t[state.at - 1] / 1e6 : 0);
    let timers = [...state.timers.entries()];
    if (timers.length < 5000) timers.sort(([, a], [, b]) => a.due - b.due || a.start - b.start);
    const requests = [...state.requests.entries()];
    const lists = [
      this.list('Ticks', state.ticks.length, state.ticks.slice(0, SHOWN).map(entry)),
      this.list('Microtasks', state.microtasks.length, state.microtasks.slice(0, SHOWN).map(entry)),
      this.list('Timers, by due time', timers.length, timers.slice(0, SHOWN).map(([number, timer]) => {
        const e = log.get(timer.start), left = timer.due - now;
        return this.link(timer.start, `timer ${number}${timer.refed ? '' : ' (unref)'}: ${left > 0 ? `in ${left} ms` : 'due'}`, this.where(e.pos));
      })),
      this.list('Immediates', state.immediates.length, state.immediates.slice(0, SHOWN).map((one) => this.link(one.start, `immediate ${one.number}${one.refed ? '' : ' (unref)'}`, this.where(log.get(one.start).pos)))),
      this.list('Requests', requests.length, requests.slice(0, SHOWN).map(([number, one]) => { const e = log.get(one.start); return this.link(one.start, `${e.label || 'request'} ${number}${one.pooled ? ', in the pool' : ''}`, this.where(e.pos)); })),
      this.list('Deferred callbacks', state.deferred.length, state.deferred.slice(0, SHOWN).map(entry)),
      this.list('Functions in await', state.awaits.size, [...state.awaits.keys()].slice(0, SHOWN).map((id) => { const e = log.get(id); return this.link(id, e.label ? `${e.label}()` : 'async function', this.where(e.pos)); })),
      this.list('Handles', state.handles.size, [...state.handles.entries()].slice(0, SHOWN).map(([name, one]) => this.link(one.init, `${name}${this.socket(name)}${one.closing !== NONE ? ', closing' : one.active ? '' : ', idle'}${one.refed ? '' : ' (unref)'}`))),
    ].filter(Boolean);
    const phase = state.phase ? `phase ${state.phase}` : state.life === 'before' ? 'main script' : state.life === 'loop' ? 'between phases' : state.life;
    const head = h('p', { className: 'soft' }, `${state.turn ? `turn ${state.turn} · ` : ''}${phase} · at ${time(state.at ? log.t[state.at - 1] : 0)}`);
    document.getElementById('queues').replaceChildren(head, ...(lists.length ? lists : [h('p', { className: 'empty' }, 'Nothing waits.')]));
  }

  // What a socket is for, after its handle's name.
  socket(name) {
    const [kind, number] = name.split(' ');
    const role = kind === 'io' ? this.log.sockets?.get(Number(number)) : undefined;
    return role ? `, socket ${role}` : '';
  }

  why(running) {
    const chain = running ? why(this.log, running.begin) : [];
    this.chain = chain;
    const shown = chain.length > CAUSES + 2 ? [...chain.slice(0, CAUSES), null, chain.at(-1)] : chain;
    const items = shown.map((event, at) => event === null ? h('li', { className: 'soft' }, `← ${chain.length - CAUSES - 1} more, back to`) : this.link(event.id, `${at ? '← ' : ''}${callbackName(this.log, event)}`, h('span', { className: 'place' }, ` ${because(this.log, event)}`)));
    const passed = running ? this.passed(running.begin) : [];
    if (passed.length) {
      const more = passed.length - OVERTOOK;
      items.push(h('li', { className: 'soft' }, `overtook ${passed.length === 1 ? 'one thing' : `${passed.length} things`}, scheduled before it:`));
      for (const id of passed.slice(0, OVERTOOK)) items.push(this.link(id, sentence(this.log, id)));
      if (more > 0) items.push(h('li', { className: 'soft' }, `… ${more} more`));
    }
    document.getElementById('why').replaceChildren(items.length ? h('ol', {}, ...items) : h('p', { className: 'empty' }, 'No callback runs: the loop itself is at work.'));
  }

  // What a callback overtook; it stays the same while it runs.
  passed(begin) {
    if (this.overtaken?.begin !== begin) this.overtaken = { begin, list: this.history.overtook(begin) };
    return this.overtaken.list;
  }

  stack(state, running) {
    const { log } = this;
    const frames = state.frames.slice(running?.base ?? 0).reverse();
    const items = frames.flatMap((frame) => {
      const e = log.get(frame.enter);
      const at = frame.statement !== NONE ? log.get(frame.statement).pos : e.pos;
      const variables = frame.variables.slice(0, 40).map((one) => h('li', { className: 'variable' }, h('button', { onclick: () => this.go(one.since + 1), title: 'to where it got this value' }, `${one.name} = ${one.value}`, h('span', { className: 'place' }, one.scope === 'closure' ? ' (from outside)' : ''))));
      return [this.link(frame.enter, e.label ? `${e.label}()` : '(anonymous)', this.where(at)), ...variables];
    });
    document.getElementById('stack').replaceChildren(items.length ? h('ol', {}, ...items) : h('p', { className: 'empty' }, this.history.statements.length ? 'No function is on the stack.' : 'Statements were not recorded.'));
  }

  output(state) {
    const { console } = this.history;
    const to = search(console, state.at), from = Math.max(0, to - PRINTED);
    if (to === this.printed) return;
    this.printed = to;
    // What was printed to one stream in a row is one element: laying out hundreds takes longer than everything else here.
    const parts = [];
    for (const id of console.slice(from, to)) {
      const { stream, text } = this.log.get(id), last = parts.at(-1);
      if (last?.stream === stream) last.text += text; else parts.push({ stream, text });
    }
    const output = document.getElementById('output');
    output.replaceChildren(...parts.map(({ stream, text }) => h('span', { className: stream === 'stderr' ? 'err' : '' }, text)));
    if (to === 0) output.append(h('span', { className: 'empty' }, 'Nothing printed yet.'));
    // With the next frame, which lays the page out in any case.
    requestAnimationFrame(() => { output.scrollTop = output.scrollHeight; });
  }
}
