// How node:test tells its results: spec for people, TAP for programs, dots for the impatient.

const indent = (n) => '  '.repeat(n);
const symbols = { pass: '\u2714 ', fail: '\u2716 ', skip: '\uFE63 ', todo: '\u26A0 ', info: '\u2139 ', arrow: '\u25B6 ' };
const styles = { pass: '32', fail: '31', skip: '90', todo: '33', info: '34' };

function write(text) {
  process.stdout.write(text);
}

function shownError(error) {
  const cause = error?.code === 'ERR_TEST_FAILURE' && error.cause !== undefined ? error.cause : error;
  return require('./inspect').inspect(cause, { colors: Boolean(process.stdout.isTTY), breakLength: Infinity });
}

const locationOf = (test) => {
  if (test.location === undefined) return undefined;
  const { file, line, column } = test.location;
  return { path: require('path').relative(process.cwd(), file) || file, file, line, column };
};

const note = (test) => {
  if (test.skipped) return ` # ${test.message || 'SKIP'}`;
  if (test.todo) return ` # ${test.message || 'TODO'}`;
  return '';
};

const kindOf = (test) => (test.skipped ? 'skip' : test.todo ? 'todo' : test.passed ? 'pass' : 'fail');

class Spec {
  #open = [];
  #failed = [];
  #paint = process.stdout.isTTY ? (kind, text) => `\u001b[${styles[kind]}m${text}\u001b[39m` : (kind, text) => text;

  event(type, test) {
    if (type === 'test:start') {
      this.#open[test.nesting] = { test, shown: false };
      this.#open.length = test.nesting + 1;
      return;
    }
    for (let i = 0; i < test.nesting; i++) {
      const parent = this.#open[i];
      if (parent === undefined || parent.shown) continue;
      parent.shown = true;
      write(`${indent(i)}${symbols.arrow}${parent.test.name}\n`);
    }
    const kind = kindOf(test);
    write(`${indent(test.nesting)}${this.#line(test, kind)}\n`);
    if (type === 'test:fail' && test.error?.failureType !== 'subtestsFailed') this.#failed.push(test);
  }

  #line(test, kind) {
    return this.#paint(kind, `${symbols[kind]}${test.name} (${test.duration.toFixed(6)}ms)${note(test)}`);
  }

  diagnostic(test, message) {
    write(`${indent(test.nesting)}${this.#paint('info', `${symbols.info}${message}`)}\n`);
  }

  loose(error) {
    write(`${this.#paint('fail', symbols.fail)}${shownError(error)}\n`);
  }

  end(totals, duration) {
    const lines = [['tests', totals.tests], ['suites', totals.suites], ['pass', totals.passed], ['fail', totals.failed], ['cancelled', totals.cancelled],
      ['skipped', totals.skipped], ['todo', totals.todo], ['duration_ms', duration]];
    for (const [name, n] of lines) write(`${this.#paint('info', `${symbols.info}${name} ${n}`)}\n`);
    if (this.#failed.length === 0) return;
    write(`\n${this.#paint('fail', `${symbols.fail}failing tests:`)}\n`);
    for (const test of this.#failed) {
      const at = locationOf(test);
      write('\n');
      if (at !== undefined) write(`test at ${at.path}:${at.line}:${at.column}\n`);
      write(`${this.#line(test, kindOf(test))}\n`);
      write(`${shownError(test.error).split('\n').map((line) => `  ${line}`).join('\n')}\n`);
    }
  }
}

const tapText = (text) => String(text).replaceAll('\\', '\\\\').replaceAll('#', '\\#').replaceAll('\b', '\\b').replaceAll('\f', '\\f').replaceAll('\t', '\\t').replaceAll('\n', '\\n')
  .replaceAll('\r', '\\r').replaceAll('\v', '\\v');

class Tap {
  #open = [];
  #begun = false;

  #head() {
    if (this.#begun) return;
    this.#begun = true;
    write('TAP version 13\n');
  }

  event(type, test) {
    this.#head();
    const space = (n) => '    '.repeat(n);
    if (type === 'test:start') {
      this.#open[test.nesting] = { test, shown: false };
      this.#open.length = test.nesting + 1;
      return;
    }
    for (let i = 0; i <= test.nesting; i++) {
      const open = this.#open[i];
      if (open === undefined || open.shown) continue;
      open.shown = true;
      write(`${space(i)}# Subtest: ${tapText(open.test.name)}\n`);
    }
    const at = space(test.nesting);
    if (test.subtests.length > 0) write(`${at}    1..${test.subtests.length}\n`);
    let line = `${at}${type === 'test:pass' ? 'ok' : 'not ok'} ${test.number} - ${tapText(test.name)}`;
    if (test.skipped) line += ` # SKIP${test.message ? ` ${tapText(test.message)}` : ''}`;
    else if (test.todo) line += ` # TODO${test.message ? ` ${tapText(test.message)}` : ''}`;
    write(`${line}\n${this.#details(test, `${at}  `)}`);
  }

  #details(test, at) {
    let text = `${at}---\n${at}duration_ms: ${test.duration}\n${at}type: '${test.isSuite ? 'suite' : 'test'}'\n`;
    const { error } = test;
    if (error !== null && !test.skipped) {
      const place = locationOf(test);
      if (place !== undefined) text += `${at}location: '${place.file}:${place.line}:${place.column}'\n`;
      text += `${at}failureType: '${error.failureType}'\n`;
      const cause = error.cause !== null && typeof error.cause === 'object' ? error.cause : undefined;
      text += this.#value('error', cause?.message ?? error.message, at);
      text += `${at}code: '${cause?.code ?? error.code}'\n`;
      if (cause?.name && cause.name !== 'Error') text += `${at}name: '${cause.name}'\n`;
      if (cause?.code === 'ERR_ASSERTION') {
        text += this.#value('expected', cause.expected, at) + this.#value('actual', cause.actual, at);
        if (cause.operator !== undefined) text += this.#value('operator', cause.operator, at);
      }
      const frames = (cause?.stack ?? '').split('\n').filter((frame) => /^\s+at /.test(frame)).map((frame) => frame.replace(/^\s+at /, ''));
      if (frames.length > 0) text += `${at}stack: |-\n${frames.map((frame) => `${at}  ${frame}\n`).join('')}`;
    }
    return `${text}${at}...\n`;
  }

  #value(name, value, at) {
    if (typeof value === 'string') {
      if (!value.includes('\n')) return `${at}${name}: ${require('./inspect').inspect(value)}\n`;
      return `${at}${name}: |-\n${value.split('\n').map((line) => `${at}  ${line}\n`).join('')}`;
    }
    if (value === null || typeof value !== 'object') return `${at}${name}: ${String(value)}\n`;
    return `${at}${name}: ${require('./inspect').inspect(value, { breakLength: Infinity })}\n`;
  }

  diagnostic(test, message) {
    write(`${'    '.repeat(test.nesting)}# ${tapText(message)}\n`);
  }

  loose(error) {
    this.#head();
    write(`# ${tapText(shownError(error))}\n`);
  }

  end(totals, duration, count) {
    this.#head();
    write(`1..${count}\n# tests ${totals.tests}\n# suites ${totals.suites}\n# pass ${totals.passed}\n# fail ${totals.failed}\n# cancelled ${totals.cancelled}\n# skipped ${totals.skipped}\n` +
      `# todo ${totals.todo}\n# duration_ms ${duration}\n`);
  }
}

class Dot {
  #count = 0;
  #failed = [];

  event(type, test) {
    if (type === 'test:start') return;
    write(type === 'test:pass' ? '.' : 'X');
    if (++this.#count % 20 === 0) write('\n');
    if (type === 'test:fail') this.#failed.push(test);
  }

  diagnostic() {}

  loose(error) {
    write(`\n${shownError(error)}\n`);
  }

  end() {
    write('\n');
    if (this.#failed.length === 0) return;
    write('\nFailed tests:\n\n');
    for (const test of this.#failed) {
      write(`${symbols[kindOf(test)]}${test.name} (${test.duration}ms)${note(test)}\n${shownError(test.error).split('\n').map((line) => `  ${line}`).join('\n')}\n`);
    }
  }
}

/** The reporter of a name; spec if none is given. */
function create(name) {
  switch (name) {
    case undefined:
    case 'spec': return new Spec();
    case 'tap': return new Tap();
    case 'dot': return new Dot();
    default: {
      const { codes } = require('./errors');
      throw new codes.ERR_INVALID_ARG_VALUE('--test-reporter', name, 'must be spec, tap or dot');
    }
  }
}

module.exports = { create };
