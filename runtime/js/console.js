// node:console: the Console class and the global console object, writing to anything with a write(string) method.
//
//   const { Console, createGlobalConsole } = require('./console');
//   globalThis.console = createGlobalConsole({ stdout: () => process.stdout, stderr: () => process.stderr });
//
// Native helpers: binding.now() -> monotonic milliseconds with fractions.

const { codes } = require('./errors');
const { validateArray, validateInteger, validateObject, validateOneOf } = require('./validators');
const { inspect } = require('./inspect');
const { formatList } = require('./format');
const { getStringWidth } = require('./text');
const { classOf, previewEntries } = binding;

const { defineProperty, keys: objectKeys, values: objectValues } = Object;
const { isArray, from: arrayFrom } = Array;
const hasOwn = Object.hasOwn;
const states = new WeakMap();
// The global console is native; what it leaves to this file works on a console of its own.
const globalConsole = globalThis.console;

const noop = () => {};
const NO_COLORS = { colors: false };
const COLORS = { colors: true };
const MAX_GROUP_INDENTATION = 1000;

// ---- writing --------------------------------------------------------------------

function wantsColor(stream) {
  const force = process.env.FORCE_COLOR;
  if (force !== undefined) return force === '' || force === '1' || force === 'true' || force === '2' || force === '3';
  if (!stream?.isTTY) return false;
  return typeof stream.getColorDepth === 'function' ? stream.getColorDepth() > 2 : true;
}

function inspectOptionsFor(state, stream) {
  const given = state.inspectOptions instanceof Map ? state.inspectOptions.get(stream) : state.inspectOptions;
  const { colorMode } = state;
  const color = colorMode === 'auto' ? wantsColor(stream) : colorMode;
  if (given) return given.colors === undefined ? { ...given, colors: color } : given;
  return color ? COLORS : NO_COLORS;
}

function write(state, stream, text) {
  const { indent } = state;
  if (indent.length !== 0) {
    if (text.includes('\n')) text = text.replaceAll('\n', `\n${indent}`);
    text = indent + text;
  }
  text += '\n';
  if (!state.ignoreErrors || typeof stream.once !== 'function') {
    stream.write(text);
    return;
  }
  // What the stream reports while it takes the text is nobody's business; a full stack is.
  try {
    if (stream.listenerCount?.('error') === 0) stream.once('error', noop);
    // An error that comes later is nobody's business either.
    stream.write(text, (error) => {
      if (error != null && !stream._writableState?.errorEmitted && stream.listenerCount?.('error') === 0) stream.once('error', noop);
    });
  } catch (error) {
    if (error instanceof RangeError && String(error.message).includes('call stack')) throw error;
  } finally {
    stream.removeListener?.('error', noop);
  }
}

const out = (state, args) => {
  const stream = state.stdout();
  write(state, stream, args.length === 1 && typeof args[0] === 'string' ? args[0] : formatList(inspectOptionsFor(state, stream), args));
};
const err = (state, args) => {
  const stream = state.stderr();
  write(state, stream, args.length === 1 && typeof args[0] === 'string' ? args[0] : formatList(inspectOptionsFor(state, stream), args));
};

// ---- times ------------------------------------------------------------------------

const pad = (value) => `${value}`.padStart(2, '0');

function durationText(ms) {
  let hours = 0;
  let minutes = 0;
  let seconds = 0;
  if (ms >= 1000) {
    if (ms >= 60000) {
      if (ms >= 3600000) hours = Math.floor(ms / 3600000);
      ms %= 3600000;
      minutes = Math.floor(ms / 60000);
      ms %= 60000;
    }
    seconds = ms / 1000;
  }
  if (hours !== 0 || minutes !== 0) {
    const [whole, fraction] = seconds.toFixed(3).split('.');
    const lead = hours !== 0 ? `${hours}:${pad(minutes)}` : `${minutes}`;
    return `${lead}:${pad(whole)}.${fraction} (${hours !== 0 ? 'h:m' : ''}m:ss.mmm)`;
  }
  if (seconds !== 0) return `${seconds.toFixed(3)}s`;
  return `${Number(ms.toFixed(3))}ms`;
}

// The time since `label` was started, or undefined with a warning.
function elapsed(state, method, label) {
  const start = state.times.get(label);
  if (start === undefined) {
    process.emitWarning(`No such label '${label}' for console.${method}()`);
    return undefined;
  }
  return durationText(binding.now() - start);
}

// ---- tables -------------------------------------------------------------------------

function tableText(head, columns) {
  const widths = head.map((name, i) => {
    let width = getStringWidth(name);
    for (const cell of columns[i]) width = Math.max(width, getStringWidth(cell ?? ''));
    return width + 2;
  });
  const lines = widths.map((width) => '─'.repeat(width));
  const row = (cells) => `│${cells.map((cell, i) => ` ${cell}${' '.repeat(widths[i] - getStringWidth(cell) - 1)}`).join('│')}│`;
  let height = 0;
  for (const column of columns) height = Math.max(height, column.length);
  let text = `┌${lines.join('┬')}┐\n${row(head)}\n├${lines.join('┼')}┤\n`;
  for (let i = 0; i < height; i++) text += `${row(columns.map((column) => column[i] ?? ''))}\n`;
  return `${text}└${lines.join('┴')}┘`;
}

function tableOf(state, data, properties) {
  const cell = (value) => {
    const depth = value !== null && typeof value === 'object' && !isArray(value) && objectKeys(value).length > 2 ? -1 : 0;
    return inspect(value, { depth, maxArrayLength: 3, breakLength: Infinity, ...inspectOptionsFor(state, state.stdout()) });
  };
  const counted = (length) => arrayFrom({ length }, (_, i) => cell(i));
  const kind = classOf(data);
  if (kind === 'Map' || kind === 'MapIterator') {
    const entries = kind === 'Map' ? [...Map.prototype.entries.call(data)].flat(1) : undefined;
    const [items, isKeyValue] = entries !== undefined ? [entries, true] : previewEntries(data);
    if (isKeyValue) {
      const names = [];
      const values = [];
      for (let i = 0; i < items.length; i += 2) {
        names.push(cell(items[i]));
        values.push(cell(items[i + 1]));
      }
      return tableText(['(iteration index)', 'Key', 'Values'], [counted(names.length), names, values]);
    }
    return tableText(['(iteration index)', 'Values'], [counted(items.length), items.map(cell)]);
  }
  if (kind === 'Set' || kind === 'SetIterator') {
    const items = kind === 'Set' ? [...Set.prototype.values.call(data)] : previewEntries(data)[0];
    return tableText(['(iteration index)', 'Values'], [counted(items.length), items.map(cell)]);
  }
  return tableOfRows(data, properties, cell);
}

function tableOfRows(data, properties, cell) {
  const columns = { __proto__: null };
  const values = [];
  let hasPrimitives = false;
  const index = objectKeys(data);
  for (let i = 0; i < index.length; i++) {
    const item = data[index[i]];
    const primitive = item === null || (typeof item !== 'function' && typeof item !== 'object');
    if (properties === undefined && primitive) {
      hasPrimitives = true;
      values[i] = cell(item);
      continue;
    }
    for (const key of properties || objectKeys(item)) {
      columns[key] ??= [];
      columns[key][i] = primitive || !hasOwn(item, key) ? '' : cell(item[key]);
    }
  }
  const head = ['(index)', ...objectKeys(columns)];
  const body = [index, ...objectValues(columns)];
  if (hasPrimitives) {
    head.push('Values');
    body.push(values);
  }
  return tableText(head, body);
}

// ---- the methods ------------------------------------------------------------------

// Each method of a console with this state; `self` is the console, for methods that users may have replaced.
const methods = {
  log(...args) { out(states.get(this), args); },
  info(...args) { out(states.get(this), args); },
  debug(...args) { out(states.get(this), args); },
  warn(...args) { err(states.get(this), args); },
  error(...args) { err(states.get(this), args); },

  dir(object, options) {
    const state = states.get(this);
    const stream = state.stdout();
    write(state, stream, inspect(object, { customInspect: false, ...inspectOptionsFor(state, stream), ...options }));
  },

  time(label = 'default') {
    label = `${label}`;
    const { times } = states.get(this);
    if (times.has(label)) process.emitWarning(`Label '${label}' already exists for console.time()`);
    else times.set(label, binding.now());
  },

  timeEnd(label = 'default') {
    label = `${label}`;
    const state = states.get(this);
    const shown = elapsed(state, 'timeEnd', label);
    if (shown === undefined) return;
    out(state, ['%s: %s', label, shown]);
    state.times.delete(label);
  },

  timeLog(label = 'default', ...data) {
    label = `${label}`;
    const state = states.get(this);
    const shown = elapsed(state, 'timeLog', label);
    if (shown !== undefined) out(state, ['%s: %s', label, shown, ...data]);
  },

  trace: function trace(...args) {
    const state = states.get(this);
    const holder = { name: 'Trace', message: formatList(inspectOptionsFor(state, state.stderr()), args.length === 0 ? [''] : args) };
    Error.captureStackTrace(holder, trace);
    this.error(holder.stack);
  },

  assert(expression, ...args) {
    if (expression) return;
    if (typeof args[0] === 'string') args[0] = `Assertion failed: ${args[0]}`;
    else args.unshift('Assertion failed');
    Reflect.apply(this.warn, this, args);
  },

  clear() {
    const stream = states.get(this).stdout();
    if (stream.isTTY && process.env.TERM !== 'dumb') stream.write('\u001b[1;1H\u001b[0J');
  },

  count(label = 'default') {
    label = `${label}`;
    const { counts } = states.get(this);
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    this.log(`${label}: ${count}`);
  },

  countReset(label = 'default') {
    const { counts } = states.get(this);
    if (counts.has(`${label}`)) counts.delete(`${label}`);
    else process.emitWarning(`Count for '${label}' does not exist`);
  },

  group(...data) {
    if (data.length > 0) Reflect.apply(this.log, this, data);
    const state = states.get(this);
    state.indent += ' '.repeat(state.groupIndentation);
  },

  groupEnd() {
    const state = states.get(this);
    state.indent = state.indent.slice(0, state.indent.length - state.groupIndentation);
  },

  table(data, properties) {
    if (properties !== undefined) validateArray(properties, 'properties');
    if (data === null || typeof data !== 'object') return this.log(data);
    return this.log(tableOf(states.get(this), data, properties));
  },
};
methods.dirxml = methods.log;
methods.groupCollapsed = methods.group;

const METHOD_ORDER = ['log', 'info', 'debug', 'warn', 'error', 'dir', 'time', 'timeEnd', 'timeLog', 'trace', 'assert', 'clear', 'count', 'countReset',
  'group', 'groupEnd', 'table', 'dirxml', 'groupCollapsed'];

function newState(options) {
  return {
    stdout: options.stdout,
    stderr: options.stderr,
    ignoreErrors: options.ignoreErrors ?? true,
    colorMode: options.colorMode ?? 'auto',
    inspectOptions: options.inspectOptions,
    groupIndentation: options.groupIndentation ?? 2,
    indent: '',
    times: new Map(),
    counts: new Map(),
  };
}

// Bound to the console, so that `const { log } = console` works.
function bindMethods(target, source) {
  for (const name of METHOD_ORDER) {
    const bound = source[name].bind(target);
    defineProperty(bound, 'name', { __proto__: null, value: name, configurable: true });
    defineProperty(target, name, { __proto__: null, value: bound, writable: true, configurable: true, enumerable: true });
  }
}

/** new Console(stdout[, stderr][, ignoreErrors]) or new Console({ stdout, stderr, ignoreErrors, colorMode, inspectOptions, groupIndentation }) */
function Console(options) {
  if (!new.target) return Reflect.construct(Console, arguments);
  if (!options || typeof options.write === 'function') options = { stdout: options, stderr: arguments[1], ignoreErrors: arguments[2] };
  const { stdout, stderr = stdout, ignoreErrors = true, colorMode = 'auto', inspectOptions, groupIndentation } = options;
  if (!stdout || typeof stdout.write !== 'function') throw new codes.ERR_CONSOLE_WRITABLE_STREAM('stdout');
  if (!stderr || typeof stderr.write !== 'function') throw new codes.ERR_CONSOLE_WRITABLE_STREAM('stderr');
  validateOneOf(colorMode, 'colorMode', ['auto', true, false]);
  if (groupIndentation !== undefined) validateInteger(groupIndentation, 'groupIndentation', 0, MAX_GROUP_INDENTATION);
  if (inspectOptions !== undefined) {
    validateObject(inspectOptions, 'options.inspectOptions');
    const all = inspectOptions instanceof Map ? [...inspectOptions.values()] : [inspectOptions];
    if (options.colorMode !== undefined && all.some((one) => one.colors !== undefined)) {
      throw new codes.ERR_INCOMPATIBLE_OPTION_PAIR('options.inspectOptions.color', 'colorMode');
    }
  }
  states.set(this, newState({ stdout: () => stdout, stderr: () => stderr, ignoreErrors: Boolean(ignoreErrors), colorMode, inspectOptions, groupIndentation }));
  bindMethods(this, this);
}
for (const name of METHOD_ORDER) Console.prototype[name] = methods[name];
defineProperty(Console, Symbol.hasInstance, {
  __proto__: null,
  configurable: true,
  writable: true,
  value(instance) {
    if (this !== Console) return Function.prototype[Symbol.hasInstance].call(this, instance);
    return instance !== null && typeof instance === 'object' && (states.has(instance) || instance === globalConsole);
  },
});

/** The global console. `streams.stdout()` and `streams.stderr()` are asked at each call, so that process.stdout is made when it is first needed. */
function createGlobalConsole(streams) {
  // Its prototype is an empty object of its own, as the Console Standard asks.
  const console = Object.create({});
  states.set(console, newState(streams));
  bindMethods(console, methods);
  defineProperty(console, 'Console', { __proto__: null, value: Console, writable: true, configurable: true, enumerable: true });
  for (const name of ['profile', 'profileEnd', 'timeStamp']) {
    // Without an inspector attached these do nothing, on Node too.
    defineProperty(console, name, { __proto__: null, value: { [name]() {} }[name], writable: true, configurable: true, enumerable: true });
  }
  for (const [name, stream] of [['_stdout', streams._stdout], ['_stderr', streams._stderr]]) {
    defineProperty(console, name, { __proto__: null, get: stream, configurable: true, enumerable: false });
  }
  defineProperty(console, Symbol.toStringTag, { __proto__: null, value: 'console', writable: false, configurable: true, enumerable: false });
  return console;
}

module.exports = { Console, createGlobalConsole, durationText };
