// AssertionError and the texts of its generated messages.

const { inspect } = require('./inspect');
const { validateObject, validateOneOf } = require('./validators');
const { editScript, KEEP, INSERT } = require('./diff');

const { defineProperty, assign, getPrototypeOf } = Object;
const hasOwn = Object.hasOwn;

const HEADINGS = {
  __proto__: null,
  deepStrictEqual: 'Expected values to be strictly deep-equal:',
  partialDeepStrictEqual: 'Expected values to be partially and strictly deep-equal:',
  strictEqual: 'Expected values to be strictly equal:',
  strictEqualObject: 'Expected "actual" to be reference-equal to "expected":',
  deepEqual: 'Expected values to be loosely deep-equal:',
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notStrictEqualObject: 'Expected "actual" not to be reference-equal to "expected":',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  notIdentical: 'Values have same structure but are not reference-equal:',
  notDeepEqualUnequal: 'Expected values not to be loosely deep-equal:',
};

// Values whose texts together are at most this long share a line.
const SHORT = 12;
// Longest text of one value in a short report, and of the whole.
const LONG_VALUE = 512;
const MAX_LINES = 50;
// Unchanged lines shown around a change.
const CONTEXT_LINES = 5;

function stderrColumns() {
  const { stderr } = process;
  return stderr && stderr.isTTY ? stderr.columns : 80;
}

// Colours only for a terminal on the error stream.
function palette() {
  const { stderr, env } = process;
  const wanted = stderr && stderr.isTTY && env.NO_COLOR === undefined && env.NODE_DISABLE_COLORS === undefined;
  if (!wanted) return { green: '', red: '', blue: '', white: '' };
  return { green: '\u001b[32m', red: '\u001b[31m', blue: '\u001b[34m', white: '\u001b[39m' };
}

function inspectValue(value) {
  return inspect(value, {
    compact: false, customInspect: false, depth: 1000, maxArrayLength: Infinity, showHidden: false, showProxy: false, sorted: true, getters: true,
  });
}

const isObjectLike = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

// ---- two values and what differs between them ---------------------------------

function differenceMessage(actual, expected, operator, custom, diffType) {
  if (operator === 'strictEqual' && isBothObjects(actual, expected)) operator = 'strictEqualObject';
  const actualText = inspectValue(actual);
  const expectedText = inspectValue(expected);
  const actualLines = actualText.split('\n');
  const expectedLines = expectedText.split('\n');
  const colors = palette();
  let header = `${colors.green}+ actual${colors.white} ${colors.red}- expected${colors.white}`;
  let body;
  let skipped = false;
  if (isSimple(actual, actualLines, expected, expectedLines)) {
    const stacked = simpleBody(actual, actualLines[0], expected, expectedLines[0], colors);
    body = stacked.body;
    if (stacked.oneLine) header = '';
  } else if (actualText === expectedText) {
    operator = 'notIdentical';
    header = '';
    if (actualLines.length > MAX_LINES && diffType !== 'full') {
      body = `${actualLines.slice(0, MAX_LINES).join('\n')}\n...}`;
      skipped = true;
    } else {
      body = actualLines.join('\n');
    }
  } else {
    const script = editScript(actualLines, expectedLines, actual !== null && typeof actual === 'object');
    ({ body, skipped } = printScript(script, colors));
  }
  const heading = custom ?? HEADINGS[operator];
  return `${heading}\n${header}${skipped ? '\n... Skipped lines' : ''}\n${body}\n`;
}

const isBothObjects = (a, b) => (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) ||
  (typeof a === 'function' && typeof b === 'function');

function isSimple(actual, actualLines, expected, expectedLines) {
  if (actualLines.length > 1 || actualLines.length !== expectedLines.length) return false;
  return typeof actual !== 'object' || actual === null || typeof expected !== 'object' || expected === null;
}

function simpleBody(actual, actualText, expected, expectedText, colors) {
  let length = actualText.length + expectedText.length;
  if (typeof actual === 'string') length -= 2;
  if (typeof expected === 'string') length -= 2;
  if (length <= SHORT && (actual !== 0 || expected !== 0)) return { body: `${actualText} !== ${expectedText}`, oneLine: true };
  let body = `\n${colors.green}+${colors.white} ${actualText}\n${colors.red}- ${colors.white}${expectedText}`;
  // An arrow to the first difference, unless it is at the very start anyway.
  if (length <= stderrColumns()) {
    let at = 0;
    while (at < actualText.length && actualText[at] === expectedText[at]) at++;
    if (at >= 3 && at < actualText.length) body += `\n${' '.repeat(at + 2)}^`;
  }
  return { body, oneLine: false };
}

function printScript(script, colors) {
  let body = '';
  let skipped = false;
  let same = 0;
  for (let i = script.length - 1; i >= 0; i--) {
    const [kind, line] = script[i];
    const next = i < script.length - 1 ? script[i + 1] : undefined;
    if (next !== undefined && next[0] === KEEP && kind !== KEEP) {
      // A change after a run of unchanged lines: show the last of them.
      if (same === CONTEXT_LINES + 1) {
        body += `${colors.white}  ${next[1]}\n`;
      } else if (same === CONTEXT_LINES + 2) {
        body += `${colors.white}  ${script[i + 2][1]}\n${colors.white}  ${next[1]}\n`;
      } else if (same >= CONTEXT_LINES + 3) {
        body += `${colors.blue}...${colors.white}\n${colors.white}  ${next[1]}\n`;
        skipped = true;
      }
      same = 0;
    }
    if (kind === INSERT) {
      body += `${colors.green}+${colors.white} ${line}\n`;
    } else if (kind === KEEP) {
      if (same < CONTEXT_LINES) body += `${colors.white}  ${line}\n`;
      same++;
    } else {
      body += `${colors.red}-${colors.white} ${line}\n`;
    }
  }
  return { body: `\n${body.trimEnd()}`, skipped };
}

// ---- the other operators ------------------------------------------------------

function notEqualMessage(actual, operator, custom, diffType) {
  let heading = custom ?? HEADINGS[operator];
  if (custom === undefined && operator === 'notStrictEqual' && isObjectLike(actual)) heading = HEADINGS.notStrictEqualObject;
  const lines = inspectValue(actual).split('\n');
  if (lines.length > MAX_LINES && diffType !== 'full') {
    const colors = palette();
    lines[46] = `${colors.blue}...${colors.white}`;
    lines.length = 47;
  }
  if (lines.length === 1) return `${heading}${lines[0].length > 5 ? '\n\n' : ' '}${lines[0]}`;
  return `${heading}\n\n${lines.join('\n')}\n`;
}

const shortened = (text, limit) => (text.length > limit ? `${text.slice(0, limit - 3)}...` : text);

function operatorMessage(actual, expected, operator, diffType) {
  let left = inspectValue(actual);
  let right = inspectValue(expected);
  const heading = HEADINGS[operator];
  if (operator === 'notDeepEqual' && left === right) {
    left = `${heading}\n\n${left}`;
    return diffType === 'full' ? left : shortened(left, 1024);
  }
  if (diffType !== 'full') {
    left = shortened(left, LONG_VALUE);
    right = shortened(right, LONG_VALUE);
  }
  if (operator === 'deepEqual') return `${heading}\n\n${left}\n\nshould loosely deep-equal\n\n${right}`;
  if (operator === 'notDeepEqual') return `${HEADINGS.notDeepEqualUnequal}\n\n${left}\n\nshould not loosely deep-equal\n\n${right}`;
  return `${left} ${operator} ${right}`;
}

// Errors are compared without their stacks, which always differ.
function withoutStack(error) {
  const copy = assign({ __proto__: getPrototypeOf(error) }, error);
  defineProperty(copy, 'message', { __proto__: null, value: error.message });
  if (hasOwn(error, 'cause')) {
    const { cause } = error;
    defineProperty(copy, 'cause', { __proto__: null, value: cause instanceof Error ? withoutStack(cause) : cause });
  }
  return copy;
}

const COMPARING = new Set(['deepStrictEqual', 'strictEqual', 'partialDeepStrictEqual']);

function generate(options, diffType) {
  const { actual, expected, operator, message } = options;
  const compares = COMPARING.has(operator);
  if (message != null && !compares) return String(message);
  if (compares) return differenceMessage(actual, expected, operator, message == null ? undefined : String(message), diffType);
  if (operator === 'notDeepStrictEqual' || operator === 'notStrictEqual') return notEqualMessage(actual, operator, undefined, diffType);
  return operatorMessage(actual, expected, operator, diffType);
}

function ellipsis(text) {
  const lines = text.split('\n', 11);
  if (lines.length > 10) {
    lines.length = 10;
    return `${lines.join('\n')}\n...`;
  }
  // Node cuts the beginning off, not the end.
  return text.length > LONG_VALUE ? `${text.slice(LONG_VALUE)}...` : text;
}

class AssertionError extends Error {
  constructor(options) {
    validateObject(options, 'options');
    const { message, operator, stackStartFn, details, stackStartFunction, diff = 'simple' } = options;
    let { actual, expected } = options;
    if (diff !== 'simple' && diff !== 'full') validateOneOf(diff, 'options.diff', ['simple', 'full']);
    const bothErrors = actual instanceof Error && expected instanceof Error && 'stack' in actual && 'stack' in expected;
    if (bothErrors && (message == null || COMPARING.has(operator))) {
      actual = withoutStack(actual);
      expected = withoutStack(expected);
    }
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(generate({ actual, expected, operator, message }, diff));
    Error.stackTraceLimit = limit;
    this.generatedMessage = !message;
    defineProperty(this, 'name', { __proto__: null, value: 'AssertionError [ERR_ASSERTION]', enumerable: false, writable: true, configurable: true });
    this.code = 'ERR_ASSERTION';
    if (details) {
      this.actual = undefined;
      this.expected = undefined;
      this.operator = undefined;
      for (let i = 0; i < details.length; i++) {
        this[`message ${i}`] = details[i].message;
        this[`actual ${i}`] = details[i].actual;
        this[`expected ${i}`] = details[i].expected;
        this[`operator ${i}`] = details[i].operator;
        this[`stack trace ${i}`] = details[i].stack;
      }
    } else {
      this.actual = actual;
      this.expected = expected;
      this.operator = operator;
    }
    if (typeof Error.captureStackTrace === 'function') Error.captureStackTrace(this, stackStartFn || stackStartFunction);
    // The stack's first line carries the code; the name itself doesn't.
    void this.stack;
    this.name = 'AssertionError';
    this.diff = diff;
  }

  toString() {
    return `${this.name} [${this.code}]: ${this.message}`;
  }

  [inspect.custom](recurseTimes, ctx) {
    // Long values stand in the message already.
    const { actual, expected } = this;
    if (typeof actual === 'string') this.actual = ellipsis(actual);
    if (typeof expected === 'string') this.expected = ellipsis(expected);
    const result = inspect(this, { ...ctx, customInspect: false, depth: 0 });
    this.actual = actual;
    this.expected = expected;
    return result;
  }
}

module.exports = { AssertionError, inspectValue };
