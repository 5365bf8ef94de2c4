// Deep equality in the three senses that assert and util need: loose (==), strict (Object.is, prototypes), partial (expected is part of actual).

const { classOf, getOwnNonIndexProperties, sameBytes } = binding;
const { getOwnPropertySymbols, getPrototypeOf, keys: objectKeys, is } = Object;
const { isArray } = Array;
const hasOwn = Object.hasOwn;
const uncurry = (f) => Function.prototype.call.bind(f);
const isEnumerable = uncurry(Object.prototype.propertyIsEnumerable);
const tagOf = uncurry(Object.prototype.toString);
const valueOf = {
  Number: uncurry(Number.prototype.valueOf),
  String: uncurry(String.prototype.valueOf),
  Boolean: uncurry(Boolean.prototype.valueOf),
  BigInt: uncurry(BigInt.prototype.valueOf),
  Symbol: uncurry(Symbol.prototype.valueOf),
};
const getTime = uncurry(Date.prototype.getTime);

const LOOSE = 0;
const STRICT = 1;
const PARTIAL = 2;
// Strict, but blind to prototypes.
const STRICT_NO_PROTOTYPE = 3;

// Classes whose instances are equal only if they are the same.
const OPAQUE = new Set(['WeakMap', 'WeakSet', 'Promise', 'WeakRef', 'Generator', 'AsyncGenerator']);

const isNaN_ = (value) => value !== value;

// Objects being compared further out stand in a set, both sides together: meeting both again closes a cycle on both sides at once, meeting only
// one of them means that the shapes differ.
function meet(a, b, cycles) {
  const seen = (cycles.has(a) ? 1 : 0) + (cycles.has(b) ? 1 : 0);
  return seen === 0 ? undefined : seen === 2;
}

function equal(a, b, mode, cycles) {
  if (a === b) return a !== 0 || mode === LOOSE || is(a, b);
  if (mode !== LOOSE) {
    if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return typeof a === 'number' && isNaN_(a) && isNaN_(b);
    if (mode === STRICT && getPrototypeOf(a) !== getPrototypeOf(b)) return false;
  } else {
    if (a === null || typeof a !== 'object') {
      // eslint-disable-next-line eqeqeq
      return (b === null || typeof b !== 'object') && (a == b || (isNaN_(a) && isNaN_(b)));
    }
    if (b === null || typeof b !== 'object') return false;
  }
  return equalObjects(a, b, mode, cycles);
}

function equalObjects(a, b, mode, cycles) {
  if (tagOf(a) !== tagOf(b)) return false;
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return false;
  if (OPAQUE.has(kind)) return false;
  const special = comparers[kind];
  if (special !== undefined && !special(a, b, mode, cycles)) return false;
  if (kind === 'Object' && isUrl(a) !== isUrl(b)) return false;
  if (isUrl(a) && a.href !== b.href) return false;
  return equalContents(a, b, mode, cycles, kind);
}

function kindOf(value) {
  let kind = classOf(value);
  if (kind === 'Proxy') kind = isArray(value) ? 'Array' : 'Object';
  else if (kind === 'Namespace') kind = 'Object';
  if (kind === 'Object' && value instanceof Error) return 'Error';
  return kind;
}

const isUrl = (value) => typeof globalThis.URL === 'function' && value instanceof globalThis.URL;

const boxed = (kind) => (a, b) => {
  const x = valueOf[kind](a);
  const y = valueOf[kind](b);
  return kind === 'Number' ? is(x, y) : x === y;
};

// What has to be the same before the properties and entries are looked at.
const comparers = {
  __proto__: null,
  Array: (a, b, mode) => (mode === PARTIAL ? a.length >= b.length : a.length === b.length),
  Date: (a, b) => {
    const x = getTime(a);
    const y = getTime(b);
    return x === y || (isNaN_(x) && isNaN_(y));
  },
  RegExp: (a, b) => a.source === b.source && a.flags === b.flags && a.lastIndex === b.lastIndex,
  Error: (a, b, mode, cycles) => {
    for (const key of ['message', 'name', 'cause', 'errors']) if (!sameHidden(a, b, key, mode, cycles)) return false;
    return true;
  },
  TypedArray: (a, b, mode) => equalTypedArrays(a, b, mode),
  DataView: (a, b) => equalBytes(new Uint8Array(a.buffer, a.byteOffset, a.byteLength), new Uint8Array(b.buffer, b.byteOffset, b.byteLength)),
  ArrayBuffer: (a, b) => equalBytes(new Uint8Array(a), new Uint8Array(b)),
  SharedArrayBuffer: (a, b) => equalBytes(new Uint8Array(a), new Uint8Array(b)),
  Set: (a, b, mode) => (mode === PARTIAL ? a.size >= b.size : a.size === b.size),
  Map: (a, b, mode) => (mode === PARTIAL ? a.size >= b.size : a.size === b.size),
  Number: boxed('Number'),
  String: boxed('String'),
  Boolean: boxed('Boolean'),
  BigInt: boxed('BigInt'),
  Symbol: boxed('Symbol'),
};

// Errors' own non-enumerable properties count; enumerable ones are compared with the rest.
function sameHidden(a, b, key, mode, cycles) {
  const mine = isEnumerable(a, key);
  const theirs = isEnumerable(b, key);
  if (mine || theirs) return mine === theirs;
  if (mode === PARTIAL && !hasOwn(b, key) && key !== 'message' && key !== 'name') return true;
  if (mode !== PARTIAL && (key === 'cause' || key === 'errors') && hasOwn(a, key) !== hasOwn(b, key)) return false;
  return equal(a[key], b[key], mode, cycles);
}

function equalTypedArrays(a, b, mode) {
  if (mode === PARTIAL ? a.length < b.length : a.length !== b.length) return false;
  const isFloat = /Float/.test(tagOf(a));
  // Of numbers without a sign of zero and without NaN the bytes say everything.
  if (!isFloat && a.length === b.length) return sameBytes(a, b);
  if (isFloat && mode !== LOOSE && sameBytes(a, b)) return true;
  if (mode === LOOSE && (tagOf(a) === '[object Float32Array]' || tagOf(a) === '[object Float64Array]' || tagOf(a) === '[object Float16Array]')) {
    for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
    return true;
  }
  for (let i = 0; i < b.length; i++) if (!is(a[i], b[i])) return false;
  return true;
}

const equalBytes = (a, b) => sameBytes(a, b);

function propertyKeys(value, kind) {
  if (kind !== 'Array' && kind !== 'TypedArray') return objectKeys(value);
  return getOwnNonIndexProperties(value, true).filter((key) => typeof key === 'string');
}

function enumerableSymbols(value) {
  return getOwnPropertySymbols(value).filter((symbol) => isEnumerable(value, symbol));
}

function equalContents(a, b, mode, cycles, kind) {
  const keys = propertyKeys(b, kind);
  const mine = propertyKeys(a, kind);
  if (mode !== PARTIAL && mine.length !== keys.length) return false;
  for (const key of keys) if (!(mode === LOOSE ? hasOwn(a, key) : isEnumerable(a, key))) return false;
  if (mode !== LOOSE) {
    const symbols = enumerableSymbols(b);
    if (mode !== PARTIAL && enumerableSymbols(a).length !== symbols.length) return false;
    for (const symbol of symbols) {
      if (!isEnumerable(a, symbol)) return false;
      keys.push(symbol);
    }
  }
  const isCollection = kind === 'Map' || kind === 'Set' || kind === 'Array';
  if (keys.length === 0 && (!isCollection || (kind === 'Array' ? b.length === 0 : b.size === 0))) return true;
  return withCycle(a, b, mode, cycles, keys, kind);
}

function withCycle(a, b, mode, cycles, keys, kind) {
  cycles = cycles ?? new Set();
  const met = meet(a, b, cycles);
  if (met !== undefined) return met;
  cycles.add(a);
  cycles.add(b);
  const result = equalEntries(a, b, mode, cycles, kind) && keys.every((key) => equal(a[key], b[key], mode, cycles));
  cycles.delete(a);
  cycles.delete(b);
  return result;
}

function equalEntries(a, b, mode, cycles, kind) {
  switch (kind) {
    case 'Set': return equalSets(a, b, mode, cycles);
    case 'Map': return equalMaps(a, b, mode, cycles);
    case 'Array': return mode === PARTIAL ? partOfArray(a, b, cycles) : equalArrays(a, b, mode, cycles);
    default: return true;
  }
}

function equalArrays(a, b, mode, cycles) {
  for (let i = 0; i < a.length; i++) {
    if (a[i] === undefined || b[i] === undefined) {
      // A hole is not an undefined element, in either mode that looks at keys.
      if (hasOwn(a, i) !== hasOwn(b, i)) return false;
    }
    if (!equal(a[i], b[i], mode, cycles)) return false;
  }
  return true;
}

// The expected elements must occur in this order, others may stand between.
function partOfArray(a, b, cycles) {
  let at = 0;
  for (let i = 0; i < b.length; i++) {
    if (b[i] === undefined && !hasOwn(b, i)) continue;
    while (at < a.length && !((a[at] !== undefined || hasOwn(a, at)) && equal(a[at], b[i], PARTIAL, cycles))) at++;
    if (at++ >= a.length) return false;
  }
  return true;
}

const isPrimitive = (value) => typeof value !== 'object' || value === null;

// Primitives that == could match with something else.
const isAmbiguous = (value) => typeof value !== 'symbol';

function equalSets(a, b, mode, cycles) {
  // Elements of b that aren't simply in a must each find a partner of their own.
  const rest = [];
  for (const value of b) {
    if (a.has(value)) continue;
    if (isPrimitive(value) && (mode !== LOOSE || !isAmbiguous(value))) return false;
    rest.push(value);
  }
  if (rest.length === 0) return true;
  const candidates = [...a].filter((value) => !b.has(value) && (mode === LOOSE || !isPrimitive(value)));
  return matchAll(rest, candidates, (mine, theirs) => equal(mine, theirs, mode, cycles));
}

function equalMaps(a, b, mode, cycles) {
  const rest = [];
  for (const [key, value] of b) {
    if (a.has(key)) {
      if (equal(a.get(key), value, mode, cycles)) continue;
      if (mode !== LOOSE || !isPrimitive(key)) return false;
      rest.push([key, value]);
    } else {
      if (isPrimitive(key) && (mode !== LOOSE || !isAmbiguous(key))) return false;
      rest.push([key, value]);
    }
  }
  if (rest.length === 0) return true;
  const candidates = [...a].filter(([key]) => !b.has(key) && (mode === LOOSE || !isPrimitive(key)));
  return matchAll(rest, candidates, (mine, theirs) => equal(mine[0], theirs[0], mode, cycles) && equal(mine[1], theirs[1], mode, cycles));
}

// A partner among the candidates for each wanted element, none used twice.
function matchAll(wanted, candidates, matches) {
  for (const item of wanted) {
    const at = candidates.findIndex((candidate) => matches(candidate, item));
    if (at === -1) return false;
    candidates.splice(at, 1);
  }
  return true;
}

module.exports = {
  isDeepEqual: (a, b) => equal(a, b, LOOSE),
  isDeepStrictEqual: (a, b, skipPrototype = false) => equal(a, b, skipPrototype ? STRICT_NO_PROTOTYPE : STRICT),
  isPartialStrictEqual: (a, b) => equal(a, b, PARTIAL),
};
