// node:assert: assertions, in their loose and strict forms.
//
// Native helpers: binding.callSource(fn) -> the source text from the call of `fn` on the stack to the end of its line, and what stands before it
// on the line, as [before, after]; undefined where the source isn't known (assert.ok then has a plainer message).

const { codes } = require('./errors');
const { AssertionError } = require('./assertion_error');
const { inspect } = require('./inspect');
const { isDeepEqual, isDeepStrictEqual, isPartialStrictEqual } = require('./deep_equal');
const { validateFunction, validateOneOf } = require('./validators');
const { isError } = require('./inspect_error');
const types = require('./util_types');

const { assign, is, keys } = Object;
const hasOwn = Object.hasOwn;
const NO_EXCEPTION = Symbol('no exception');

/** The classes that throws() may get: whatever has a prototype that is an error, or is callable otherwise. */
const isErrorClass = (value) => value.prototype !== undefined;

function needsBoth(args) {
  if (args.length < 2) throw new codes.ERR_MISSING_ARGS('actual', 'expected');
}

// ---- failing ------------------------------------------------------------------

function fail_(options) {
  if (options.message instanceof Error || isError(options.message)) throw options.message;
  throw new AssertionError(options);
}

function fail(message) {
  if (message instanceof Error) throw message;
  const error = new AssertionError({ message: message ?? 'Failed', operator: 'fail', stackStartFn: fail });
  error.generatedMessage = message == null;
  throw error;
}

// ---- truth ----------------------------------------------------------------------

function innerOk(fn, argLength, value, message) {
  if (value) return;
  let generated = false;
  if (argLength === 0) {
    generated = true;
    message = 'No value argument passed to `assert.ok()`';
  } else if (message == null) {
    generated = true;
    message = falsyMessage(fn);
  } else if (message instanceof Error || isError(message)) {
    throw message;
  }
  const error = new AssertionError({ actual: value, expected: true, message, operator: '==', stackStartFn: fn });
  error.generatedMessage = generated;
  throw error;
}

function falsyMessage(fn) {
  const source = typeof binding.callSource === 'function' ? binding.callSource(fn) : undefined;
  if (source === undefined) return 'The expression evaluated to a falsy value';
  const [before, after] = source;
  const start = /[\w$.?\]['"]*$/.exec(before)[0];
  return `The expression evaluated to a falsy value:\n\n  ${start}${callText(after)}\n`;
}

// From a call's name to its closing bracket, or to the end of the line where it closes later.
function callText(text) {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"' || character === "'" || character === '`') {
      i = stringEnd(text, i, character);
    } else if (character === '(' || character === '[' || character === '{') {
      depth++;
    } else if (character === ')' || character === ']' || character === '}') {
      depth--;
      if (depth === 0 && character === ')') return text.slice(0, i + 1);
    }
  }
  return text;
}

function stringEnd(text, start, mark) {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === mark) return i;
  }
  return text.length;
}

// ---- throws ---------------------------------------------------------------------

function exceptionOf(fn) {
  validateFunction(fn, 'fn');
  try {
    fn();
  } catch (error) {
    return error;
  }
  return NO_EXCEPTION;
}

const isThenable = (value) => types.isPromise(value) ||
  (value !== null && typeof value === 'object' && typeof value.then === 'function' && typeof value.catch === 'function');

async function rejectionOf(promiseFn) {
  let promise;
  if (typeof promiseFn === 'function') {
    promise = promiseFn();
    if (!isThenable(promise)) throw new codes.ERR_INVALID_RETURN_VALUE('instance of Promise', 'promiseFn', promise);
  } else if (isThenable(promiseFn)) {
    promise = promiseFn;
  } else {
    throw new codes.ERR_INVALID_ARG_TYPE('promiseFn', ['Function', 'Promise'], promiseFn);
  }
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return NO_EXCEPTION;
}

function expectsError(fn, actual, error, message, argCount) {
  if (typeof error === 'string') {
    if (argCount === 4) throw new codes.ERR_INVALID_ARG_TYPE('error', ['Object', 'Error', 'Function', 'RegExp'], error);
    if (typeof actual === 'object' && actual !== null) {
      if (actual.message === error) {
        throw new codes.ERR_AMBIGUOUS_ARGUMENT('error/message', `The error message "${actual.message}" is identical to the message.`);
      }
    } else if (actual === error) {
      throw new codes.ERR_AMBIGUOUS_ARGUMENT('error/message', `The error "${actual}" is identical to the message.`);
    }
    message = error;
    error = undefined;
  } else if (error != null && typeof error !== 'object' && typeof error !== 'function') {
    throw new codes.ERR_INVALID_ARG_TYPE('error', ['Object', 'Error', 'Function', 'RegExp'], error);
  }
  if (actual === NO_EXCEPTION) {
    let details = '';
    if (error?.name) details += ` (${error.name})`;
    details += message ? `: ${message}` : '.';
    const kind = fn.name === 'rejects' ? 'rejection' : 'exception';
    fail_({ actual: undefined, expected: error, operator: fn.name, message: `Missing expected ${kind}${details}`, stackStartFn: fn });
  }
  if (error) expectedException(actual, error, message, fn);
}

function expectedException(actual, expected, message, fn) {
  let generated = false;
  let failed = false;
  if (typeof expected !== 'function') {
    if (types.isRegExp(expected)) {
      const text = String(actual);
      if (RegExp.prototype.exec.call(expected, text) !== null) return;
      if (!message) {
        generated = true;
        message = `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(text)}\n`;
      }
      failed = true;
    } else if (typeof actual !== 'object' || actual === null) {
      const error = new AssertionError({ actual, expected, message, operator: 'deepStrictEqual', stackStartFn: fn });
      error.operator = fn.name;
      throw error;
    } else {
      matchProperties(actual, expected, message, fn);
      return;
    }
  } else if (isErrorClass(expected) && actual instanceof expected) {
    return;
  } else if (Error.isPrototypeOf(expected)) {
    if (!message) {
      generated = true;
      message = `The error is expected to be an instance of "${expected.name}". Received `;
      if (isError(actual)) message += `"${actual.constructor?.name ?? actual.name}"\n\nError message:\n\n${actual.message}`;
      else message += `"${inspect(actual, { depth: -1 })}"`;
    }
    failed = true;
  } else {
    const result = Reflect.apply(expected, {}, [actual]);
    if (result !== true) {
      if (!message) {
        generated = true;
        const name = expected.name ? `"${expected.name}" ` : '';
        message = `The ${name}validation function is expected to return "true". Received ${inspect(result)}`;
        if (isError(actual)) message += `\n\nCaught error:\n\n${actual}`;
      }
      failed = true;
    }
  }
  if (failed) {
    const error = new AssertionError({ actual, expected, message, operator: fn.name, stackStartFn: fn });
    error.generatedMessage = generated;
    throw error;
  }
}

// throws(fn, { name, message, … }): each named property must match, a regular expression matching text.
function matchProperties(actual, expected, message, fn) {
  const names = keys(expected);
  if (expected instanceof Error) {
    names.push('name', 'message');
  } else if (names.length === 0) {
    throw new codes.ERR_INVALID_ARG_VALUE('error', expected, 'may not be an empty object');
  }
  for (const name of names) {
    if (typeof actual[name] === 'string' && types.isRegExp(expected[name]) &&
        RegExp.prototype.exec.call(expected[name], actual[name]) !== null) continue;
    compareProperty(actual, expected, name, message, names, fn);
  }
}

// What the two sides look like when only the named properties count.
class Comparison {
  constructor(object, names, actual) {
    for (const name of names) {
      if (!(name in object)) continue;
      const isMatch = actual !== undefined && typeof actual[name] === 'string' && types.isRegExp(object[name]) &&
        RegExp.prototype.exec.call(object[name], actual[name]) !== null;
      this[name] = isMatch ? actual[name] : object[name];
    }
  }
}

function compareProperty(actual, expected, name, message, names, fn) {
  if (name in actual && isDeepStrictEqual(actual[name], expected[name])) return;
  if (!message) {
    const error = new AssertionError({
      actual: new Comparison(actual, names), expected: new Comparison(expected, names, actual), operator: 'deepStrictEqual', stackStartFn: fn,
    });
    error.actual = actual;
    error.expected = expected;
    error.operator = fn.name;
    throw error;
  }
  fail_({ actual, expected, message, operator: fn.name, stackStartFn: fn });
}

function hasMatchingError(actual, expected) {
  if (typeof expected !== 'function') {
    if (types.isRegExp(expected)) return RegExp.prototype.exec.call(expected, String(actual)) !== null;
    throw new codes.ERR_INVALID_ARG_TYPE('expected', ['Function', 'RegExp'], expected);
  }
  if (isErrorClass(expected) && actual instanceof expected) return true;
  if (Error.isPrototypeOf(expected)) return false;
  return Reflect.apply(expected, {}, [actual]) === true;
}

function expectsNoError(fn, actual, error, message) {
  if (actual === NO_EXCEPTION) return;
  if (typeof error === 'string') {
    message = error;
    error = undefined;
  }
  if (!error || hasMatchingError(actual, error)) {
    const details = message ? `: ${message}` : '.';
    const kind = fn.name === 'doesNotReject' ? 'rejection' : 'exception';
    fail_({
      actual, expected: error, operator: fn.name, stackStartFn: fn,
      message: `Got unwanted ${kind}${details}\nActual message: "${actual?.message}"`,
    });
  }
  throw actual;
}

// ---- text -----------------------------------------------------------------------

function innerMatch(string, regexp, message, fn) {
  if (!types.isRegExp(regexp)) throw new codes.ERR_INVALID_ARG_TYPE('regexp', 'RegExp', regexp);
  const wanted = fn.name === 'match';
  if (typeof string === 'string' && (RegExp.prototype.exec.call(regexp, string) !== null) === wanted) return;
  if (message instanceof Error) throw message;
  const generated = !message;
  message = message || (typeof string !== 'string'
    ? `The "string" argument must be of type string. Received type ${typeof string} (${inspect(string)})`
    : `${wanted ? 'The input did not match the regular expression ' : 'The input was expected to not match the regular expression '}${
      inspect(regexp)}. Input:\n\n${inspect(string)}\n`);
  const error = new AssertionError({ actual: string, expected: regexp, message, operator: fn.name, stackStartFn: fn });
  error.generatedMessage = generated;
  throw error;
}

// ---- the assertions -----------------------------------------------------------

const looselyEqual = (a, b) => a == b || (a !== a && b !== b); // eslint-disable-line eqeqeq

const DEFAULTS = { diff: 'simple', skipPrototype: false };
const instances = new WeakSet();

/** All methods of one flavour; `settings` are those of an Assert instance. */
function makeAssertions(settings) {
  // A method that was taken off its object has nobody's settings.
  const now = (self) => (instances.has(self) ? settings : DEFAULTS);
  const compare = (name, operator, holds) => ({
    [name](actual, expected, message) {
      needsBoth(arguments);
      if (holds(actual, expected, now(this))) return;
      fail_({
        actual, expected, message, operator, stackStartFn: methods[name], diff: now(this).diff,
      });
    },
  })[name];
  const strictDeep = (a, b, { skipPrototype }) => isDeepStrictEqual(a, b, skipPrototype);

  const methods = {
    equal: compare('equal', '==', looselyEqual),
    notEqual: compare('notEqual', '!=', (a, b) => !looselyEqual(a, b)),
    deepEqual: compare('deepEqual', 'deepEqual', (a, b) => isDeepEqual(a, b)),
    notDeepEqual: compare('notDeepEqual', 'notDeepEqual', (a, b) => !isDeepEqual(a, b)),
    deepStrictEqual: compare('deepStrictEqual', 'deepStrictEqual', strictDeep),
    notDeepStrictEqual: compare('notDeepStrictEqual', 'notDeepStrictEqual', (a, b, how) => !strictDeep(a, b, how)),
    strictEqual: compare('strictEqual', 'strictEqual', is),
    notStrictEqual: compare('notStrictEqual', 'notStrictEqual', (a, b) => !is(a, b)),
    partialDeepStrictEqual: compare('partialDeepStrictEqual', 'partialDeepStrictEqual', (a, b) => isPartialStrictEqual(a, b)),

    match(string, regexp, message) {
      innerMatch(string, regexp, message, methods.match);
    },
    doesNotMatch(string, regexp, message) {
      innerMatch(string, regexp, message, methods.doesNotMatch);
    },
    throws(fn, ...args) {
      expectsError(methods.throws, exceptionOf(fn), args[0], args[1], args.length + 2);
    },
    async rejects(promiseFn, ...args) {
      expectsError(methods.rejects, await rejectionOf(promiseFn), args[0], args[1], args.length + 2);
    },
    doesNotThrow(fn, ...args) {
      expectsNoError(methods.doesNotThrow, exceptionOf(fn), ...args);
    },
    async doesNotReject(fn, ...args) {
      expectsNoError(methods.doesNotReject, await rejectionOf(fn), ...args);
    },
    ifError(error) {
      ifError(error, methods.ifError);
    },
    ok(...args) {
      innerOk(methods.ok, args.length, args[0], args[1]);
    },
    fail,
  };
  return methods;
}

// Throws for anything but null and undefined, keeping the frames of the original error.
function ifError(error, fn) {
  if (error === null || error === undefined) return;
  let message = 'ifError got unwanted exception: ';
  if (typeof error === 'object' && typeof error.message === 'string') {
    message += error.message.length === 0 && error.constructor ? error.constructor.name : error.message;
  } else {
    message += inspect(error);
  }
  const failure = new AssertionError({ actual: error, expected: null, operator: 'ifError', message, stackStartFn: fn });
  const original = error.stack;
  if (typeof original === 'string') {
    const start = original.indexOf('\n    at');
    if (start !== -1) {
      const frames = original.slice(start + 1).split('\n');
      const mine = failure.stack.split('\n');
      // Frames below the first that both have say nothing twice.
      const shared = mine.findIndex((line, index) => index > 0 && frames.includes(line));
      const own = shared === -1 ? mine : mine.slice(0, shared);
      failure.stack = `${own.join('\n')}\n${frames.join('\n')}`;
    }
  }
  throw failure;
}

const base = makeAssertions(DEFAULTS);

const METHOD_ORDER = ['fail', 'equal', 'notEqual', 'deepEqual', 'notDeepEqual', 'deepStrictEqual', 'notDeepStrictEqual', 'strictEqual', 'notStrictEqual',
  'partialDeepStrictEqual', 'match', 'doesNotMatch', 'throws', 'rejects', 'doesNotThrow', 'doesNotReject', 'ifError'];
const STRICT_NAMES = { equal: 'strictEqual', deepEqual: 'deepStrictEqual', notEqual: 'notStrictEqual', notDeepEqual: 'notDeepStrictEqual' };

function assert(...args) {
  innerOk(assert, args.length, args[0], args[1]);
}

function strict(...args) {
  innerOk(strict, args.length, args[0], args[1]);
}

/** `new assert.Assert({ diff, strict, skipPrototype })`: the methods with settings of their own. */
function Assert(options) {
  if (!new.target) throw new codes.ERR_CONSTRUCT_CALL_REQUIRED('Assert');
  const { diff = 'simple', strict: isStrict = true, skipPrototype = false } = options ?? {};
  if (options?.diff !== undefined) validateOneOf(options.diff, 'options.diff', ['simple', 'full']);
  const methods = makeAssertions({ diff, skipPrototype });
  instances.add(this);
  this.AssertionError = AssertionError;
  assign(this, methods);
  if (isStrict) for (const name of keys(STRICT_NAMES)) this[name] = methods[STRICT_NAMES[name]];
}

for (const target of [assert, strict]) {
  target.AssertionError = AssertionError;
  target.ok = base.ok;
  for (const name of METHOD_ORDER) target[name] = target === strict && hasOwn(STRICT_NAMES, name) ? base[STRICT_NAMES[name]] : base[name];
  target.Assert = Assert;
}
assert.strict = strict;
strict.strict = strict;

module.exports = assert;
