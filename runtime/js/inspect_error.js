// How util.inspect shows errors: the stack with its first line put right, repeated frames folded, frames shared with the cause left out.

const { prefixOf, formatValue } = require('./inspect');
const { classOf } = binding;

const errorToString = Function.prototype.call.bind(Error.prototype.toString);
const { isArray } = Array;

const isError = (value) => value instanceof Error || (typeof value === 'object' && value !== null && classOf(value) === 'Error');

// The error's own stack text; something else put there is shown below the first line.
function stackOf(ctx, error) {
  let stack;
  try {
    ({ stack } = error);
  } catch {
    // A throwing accessor counts as no stack.
  }
  if (stack) {
    if (typeof stack === 'string') return stack;
    ctx.seen.push(error);
    ctx.indentationLvl += 4;
    // No depth of its own: opened fully, one property per line.
    const shown = formatValue(ctx, stack, NaN);
    ctx.indentationLvl -= 4;
    ctx.seen.pop();
    return `${safeToString(error)}\n    ${shown}`;
  }
  return safeToString(error);
}

function safeToString(error) {
  try {
    return errorToString(error);
  } catch {
    return '[object Error]';
  }
}

/** The text of an error; removes from `keys` what that text already says and adds `cause` and `errors`. */
function formatError(ctx, error, constructor, tag, keys) {
  let stack = stackOf(ctx, error);
  removeShownKeys(ctx, keys, error, stack);
  if ('cause' in error && !keys.includes('cause')) keys.push('cause');
  if (isArray(read(error, 'errors')) && !keys.includes('errors')) keys.push('errors');
  stack = improveFirstLine(stack, constructor, read(error, 'name'), tag);
  stack = withFrames(ctx, error, stack);
  if (ctx.indentationLvl !== 0) stack = stack.replaceAll('\n', `\n${' '.repeat(ctx.indentationLvl)}`);
  return stack;
}

// A property that inspect wants to read although its accessor may throw.
function read(object, key) {
  try {
    return object[key];
  } catch {
    return undefined;
  }
}

function removeShownKeys(ctx, keys, error, stack) {
  if (ctx.showHidden || keys.length === 0) return;
  for (const name of ['name', 'message', 'stack']) {
    const index = keys.indexOf(name);
    if (index === -1) continue;
    const shown = read(error, name);
    if (typeof shown !== 'string' || stack.includes(shown)) keys.splice(index, 1);
  }
}

const leadingName = /^([A-Z][a-z_ A-Z0-9[\]()-]+)(?::|\n\s+at)/;
const onlyName = /^([a-z_A-Z0-9-]*Error)$/;

// The class name, null prototype and tag aren't in the stack that the engine wrote: put them in.
function improveFirstLine(stack, constructor, name, tag) {
  name = name == null ? 'Error' : `${name}`;
  let length = name.length;
  const named = name.endsWith('Error') && stack.startsWith(name) &&
    (stack.length === length || stack[length] === ':' || stack[length] === '\n');
  if (constructor !== null && !named) return stack;
  let fallback = 'Error';
  if (constructor === null) {
    const start = leadingName.exec(stack) || onlyName.exec(stack);
    fallback = (start && start[1]) || '';
    length = fallback.length;
    fallback = fallback || 'Error';
  }
  const prefix = prefixOf(constructor, tag, fallback).slice(0, -1);
  if (name === prefix) return stack;
  if (prefix.includes(name)) return length === 0 ? `${prefix}: ${stack}` : `${prefix}${stack.slice(length)}`;
  return `${prefix} [${name}]${stack.slice(length)}`;
}

function withFrames(ctx, error, stack) {
  const message = read(error, 'message');
  let from = (message && stack.indexOf(message)) || -1;
  if (from !== -1) from += message.length;
  const start = stack.indexOf('\n    at', from);
  if (start === -1) return `[${stack}]`;
  const head = stack.slice(0, start);
  const lines = foldedFrames(ctx, error, stack.slice(start + 1));
  return `${head}\n${(ctx.colors ? colorFrames(ctx, lines) : lines).join('\n')}`;
}

function foldedFrames(ctx, error, text) {
  const frames = text.split('\n');
  let cause;
  try {
    ({ cause } = error);
  } catch {
    // A throwing accessor counts as no cause.
  }
  if (cause != null && isError(cause)) foldCause(ctx, frames, cause);
  if (frames.length > 10) foldRepeats(ctx, frames);
  return frames;
}

function foldCause(ctx, frames, cause) {
  const stack = stackOf(ctx, cause);
  const start = stack.indexOf('\n    at');
  if (start === -1) return;
  const { length, offset } = commonRun(frames, stack.slice(start + 1).split('\n'));
  if (length > 3) {
    const skipped = length - 2;
    frames.splice(offset + 1, skipped, ctx.stylize(`    ... ${skipped} lines matching cause stack trace ...`, 'undefined'));
  }
}

// The first run of three or more frames that both lists have, and its length.
function commonRun(frames, other) {
  for (let i = 0; i < frames.length - 3; i++) {
    const at = other.indexOf(frames[i]);
    if (at === -1) continue;
    const rest = other.length - at;
    if (rest <= 3) continue;
    let length = 1;
    const limit = Math.min(rest, frames.length - i);
    while (length < limit && frames[i + length] === other[at + length]) length++;
    if (length > 3) return { length, offset: i };
  }
  return { length: 0, offset: 0 };
}

// ---- recursion --------------------------------------------------------------

// Shortest repetition, in lines, that is folded.
const SHORTEST_REPEAT = 3;

// Replaces the second and later rounds of a recursion by one line.
function foldRepeats(ctx, frames) {
  const repeats = findRepeats(frames);
  for (let i = repeats.length - 1; i >= 0; i--) {
    const { start, length, rounds } = repeats[i];
    const lines = length * rounds;
    const note = `    ... collapsed ${lines} duplicate lines matching above ${
      rounds > 1 ? `${length} lines ${rounds} times...` : 'lines ...'}`;
    frames.splice(start, lines, ctx.stylize(note, 'undefined'));
  }
}

function findRepeats(frames) {
  const positions = new Map();
  for (let i = 0; i < frames.length; i++) {
    const list = positions.get(frames[i]);
    if (list === undefined) positions.set(frames[i], [i]);
    else list.push(i);
  }
  const repeats = [];
  if (frames.length - positions.size <= SHORTEST_REPEAT) return repeats;
  for (let i = 0; i < frames.length - SHORTEST_REPEAT; i++) {
    const later = positions.get(frames[i]).filter((at) => at > i);
    if (later.length === 0) continue;
    const best = bestRepeat(frames, i, candidateLengths(i, later));
    if (best.length * best.rounds >= SHORTEST_REPEAT) {
      repeats.push({ start: i + best.length, length: best.length, rounds: best.rounds });
      i += best.length * (best.rounds + 1) - 1;
    }
  }
  return repeats;
}

// Lengths worth trying for a block that starts at `start`: the greatest common divisor of the distances to its first line's later
// places, then whatever Euclid's algorithm met on the way, the latest first.
function candidateLengths(start, later) {
  let divisor = 0;
  const met = new Set();
  for (const at of later) {
    let distance = at - start;
    while (distance !== 0) {
      if (divisor !== 0) met.add(divisor);
      [divisor, distance] = [distance, divisor % distance];
    }
    if (divisor === 1) break;
  }
  met.delete(divisor);
  return [divisor, ...[...met].reverse()];
}

// The candidate that hides most lines.
function bestRepeat(frames, start, lengths) {
  let best = { length: 0, rounds: 0 };
  for (const length of lengths) {
    let rounds = 0;
    while (sameBlock(frames, start, start + length * (rounds + 1), length)) rounds++;
    if (length * rounds > best.length * best.rounds) best = { length, rounds };
  }
  return best;
}

function sameBlock(frames, first, second, length) {
  if (second + length > frames.length) return false;
  for (let i = 0; i < length; i++) if (frames[first + i] !== frames[second + i]) return false;
  return true;
}

// ---- colours ----------------------------------------------------------------

const coreFrame = /^ {4}at (?:[^/\\(]+ \(|)node:(.+):\d+:\d+(?:\)|$)/;

// Frames of the runtime itself are grey, package names underlined, the working folder grey.
function colorFrames(ctx, lines) {
  const cwd = workingDirectory();
  return lines.map((line) => {
    const core = coreFrame.exec(line);
    if (core !== null && isBuiltin(core[1])) return ctx.stylize(line, 'undefined');
    line = markPackages(ctx, line);
    return cwd === undefined ? line : markFolder(ctx, line, cwd);
  });
}

const isBuiltin = (name) => {
  try {
    return name.startsWith('internal/') || require('module').isBuiltin(name);
  } catch {
    return name.startsWith('internal/');
  }
};

function workingDirectory() {
  try {
    return process.cwd();
  } catch {
    // The folder has been removed.
    return undefined;
  }
}

function markPackages(ctx, line) {
  let out = '';
  let done = 0;
  for (;;) {
    const at = nodeModulesAt(line, done);
    if (at === -1) return done === 0 ? line : out + line.slice(done);
    const start = at + 14;
    let end = separatorAfter(line, start);
    if (line[start] === '@') end = separatorAfter(line, end + 1);
    out += `${line.slice(done, start)}${ctx.stylize(line.slice(start, end), 'module')}`;
    done = end;
  }
}

function nodeModulesAt(line, from) {
  const unix = line.indexOf('/node_modules/', from);
  return unix !== -1 ? unix : line.indexOf('\\node_modules\\', from);
}

function separatorAfter(line, from) {
  for (let i = from; i < line.length; i++) if (line[i] === '/' || line[i] === '\\') return i;
  return line.length;
}

function markFolder(ctx, line, cwd) {
  let at = line.indexOf(cwd);
  if (at === -1) return line;
  let length = cwd.length;
  if (line.slice(at - 7, at) === 'file://') {
    at -= 7;
    length += 7;
  }
  const bracket = line[at - 1] === '(' ? at - 1 : at;
  const closing = bracket !== at && line.endsWith(')') ? line.length - 1 : line.length;
  const end = at + length + 1;
  let out = `${line.slice(0, bracket)}${ctx.stylize(line.slice(bracket, end), 'undefined')}${line.slice(end, closing)}`;
  if (bracket !== at) out += ctx.stylize(')', 'undefined');
  return out;
}

module.exports = { formatError, isError, stackOf };
