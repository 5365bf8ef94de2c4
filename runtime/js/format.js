// util.format and formatWithOptions: the % directives, and the joining of what is left over.

const { inspect, hasBuiltinName } = require('./inspect');
const { numberText, bigintText } = require('./text');
const { classOf, getProxyDetails } = binding;

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const hasOwn = Object.hasOwn;
const { stringify } = JSON;

/** util.format(...args) */
function format(...args) {
  // The commonest calls: one string, or strings without directives.
  if (args.length === 1 && typeof args[0] === 'string') return args[0];
  return formatList(undefined, args);
}

/** util.formatWithOptions(inspectOptions, ...args) */
function formatWithOptions(inspectOptions, ...args) {
  require('./validators').validateObject(inspectOptions, 'inspectOptions', 2);
  return formatList(inspectOptions, args);
}

/** The same without argument checks; console uses it with its arguments as an array. */
function formatList(options, args) {
  const first = args[0];
  if (args.length === 1) return typeof first === 'string' ? first : inspect(first, options);
  let text = '';
  let used = 0;
  let separator = '';
  if (typeof first === 'string') {
    [text, used] = directives(options, first, args);
    separator = ' ';
  }
  for (; used < args.length; used++) {
    const value = args[used];
    text += separator;
    text += typeof value === 'string' ? value : inspect(value, options);
    separator = ' ';
  }
  return text;
}

// Replaces the directives of `first`; returns the text and how many of `args` are used up.
function directives(options, first, args) {
  let used = 1;
  let text = '';
  let done = 0;
  for (let i = first.indexOf('%'); i !== -1 && i < first.length - 1; i = first.indexOf('%', i + 1)) {
    const letter = first[i + 1];
    let piece;
    if (letter === '%') {
      // A doubled sign is one sign, whether or not arguments are left.
      text += first.slice(done, i + 1);
      done = i + 2;
      i++;
      continue;
    }
    if (used >= args.length) continue;
    piece = directive(letter, args[used], options);
    if (piece === undefined) continue;
    used++;
    text += first.slice(done, i) + piece;
    done = i + 2;
    i++;
  }
  return [done === 0 ? first : text + first.slice(done), used];
}

function directive(letter, value, options) {
  switch (letter) {
    case 's': return stringDirective(value, options);
    case 'd':
      if (typeof value === 'bigint') return bigintText(value, false);
      return numberText(typeof value === 'symbol' ? NaN : Number(value), false);
    case 'i':
      if (typeof value === 'bigint') return bigintText(value, false);
      return numberText(typeof value === 'symbol' ? NaN : parseInt(value), false);
    case 'f': return numberText(typeof value === 'symbol' ? NaN : parseFloat(value), false);
    case 'j': return `${jsonDirective(value)}`;
    case 'O': return inspect(value, options);
    case 'o': return inspect(value, { ...options, showHidden: true, showProxy: true, depth: 4 });
    case 'c': return '';
    default: return undefined;
  }
}

function stringDirective(value, options) {
  if (typeof value === 'number') return numberText(value, false);
  if (typeof value === 'bigint') return bigintText(value, false);
  if (typeof value !== 'object' || value === null || !hasBuiltInToString(value)) return String(value);
  return inspect(value, { ...options, depth: 0, colors: false, compact: 3 });
}

// Whether String(value) would only be the language's own text, so that inspect says more.
function hasBuiltInToString(value) {
  while (classOf(value) === 'Proxy') {
    const [target] = getProxyDetails(value);
    if (target === null) return true;
    value = target;
  }
  if (typeof value[Symbol.toPrimitive] === 'function' && !hasBuiltInToPrimitive(value)) return false;
  if (typeof value.toString !== 'function') return true;
  if (hasOwn(value, 'toString')) return false;
  let pointer = value;
  do {
    pointer = getPrototypeOf(pointer);
  } while (!hasOwn(pointer, 'toString'));
  const descriptor = getOwnPropertyDescriptor(pointer, 'constructor');
  return descriptor !== undefined && typeof descriptor.value === 'function' && hasBuiltinName(descriptor.value.name);
}

// Date is the only builtin class with a Symbol.toPrimitive that boxed symbols and plain objects don't share.
const hasBuiltInToPrimitive = (value) => value[Symbol.toPrimitive] === Date.prototype[Symbol.toPrimitive] ||
  value[Symbol.toPrimitive] === Symbol.prototype[Symbol.toPrimitive];

function jsonDirective(value) {
  try {
    return stringify(value);
  } catch (error) {
    if (error instanceof TypeError && isCircular(value)) return '[Circular]';
    throw error;
  }
}

// Whether the value refers to itself somewhere: the one failure of JSON.stringify that format answers with a word.
function isCircular(value) {
  const path = new Set();
  const visit = (node) => {
    if (typeof node !== 'object' || node === null) return false;
    if (path.has(node)) return true;
    path.add(node);
    for (const key of Object.keys(node)) if (visit(node[key])) return true;
    path.delete(node);
    return false;
  };
  return visit(value);
}

module.exports = { format, formatWithOptions, formatList };
