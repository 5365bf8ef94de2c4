// util.inspect: values as text, in Node 24's layout. `format` lives in format.js, the text of errors in inspect_error.js.
//
// Native helpers (the whole list; everything else is plain JavaScript):
//   binding.classOf(v)                      internal class of an object, proxies first: 'Proxy', 'Array', 'Function', 'Map', 'Set', 'Date',
//                                           'RegExp', 'Error', 'Promise', 'Generator', 'AsyncGenerator', 'Arguments', 'TypedArray', 'ArrayBuffer',
//                                           'SharedArrayBuffer', 'DataView', 'MapIterator', 'SetIterator', 'WeakMap', 'WeakSet', 'WeakRef',
//                                           'Boolean', 'Number', 'String', 'Symbol', 'BigInt' (boxed), 'Namespace', 'External', else 'Object'
//   binding.functionKind(f)                 { isClass, isAsync, isGenerator }
//   binding.getProxyDetails(v)              [target, handler] (both null once revoked), undefined if v is no proxy; runs no trap
//   binding.previewEntries(v)               [entries, isKeyValue] of a Map, Set, WeakMap, WeakSet or a Map/Set iterator (which isn't advanced);
//                                           with isKeyValue the entries alternate key, value
//   binding.getPromiseDetails(p)            [state, result]: 0 pending, 1 fulfilled, 2 rejected
//   binding.getOwnNonIndexProperties(o, e)  own string and symbol keys that are no array index; only enumerable ones if e is true
//   binding.getConstructorName(o)           the engine's own idea of an object's class name, for objects whose constructor can't be found

const text = require('./text');
const { stripColors, getStringWidth, quote, escapeBare, numberText, bigintText } = text;
const {
  classOf, functionKind, getProxyDetails, previewEntries, getPromiseDetails, getOwnNonIndexProperties, getConstructorName,
} = binding;

const {
  getOwnPropertyDescriptor, getOwnPropertyNames, getOwnPropertySymbols, getPrototypeOf, setPrototypeOf, keys: objectKeys,
  defineProperty, assign,
} = Object;
const { isArray } = Array;
const { ownKeys } = Reflect;
const { min, max, sqrt, round, floor } = Math;
const uncurry = (f) => Function.prototype.call.bind(f);
const hasOwn = Object.hasOwn;
const isEnumerable = uncurry(Object.prototype.propertyIsEnumerable);
const functionToString = uncurry(Function.prototype.toString);
const regExpToString = uncurry(RegExp.prototype.toString);
const dateToISO = uncurry(Date.prototype.toISOString);
const dateToString = uncurry(Date.prototype.toString);
const dateGetTime = uncurry(Date.prototype.getTime);
const setValues = uncurry(Set.prototype.values);
const mapEntries = uncurry(Map.prototype.entries);
const unbox = {
  Boolean: uncurry(Boolean.prototype.valueOf),
  Number: uncurry(Number.prototype.valueOf),
  String: uncurry(String.prototype.valueOf),
  Symbol: uncurry(Symbol.prototype.valueOf),
  BigInt: uncurry(BigInt.prototype.valueOf),
};
const symbolToString = uncurry(Symbol.prototype.toString);
const getterOf = (proto, name) => uncurry(getOwnPropertyDescriptor(proto, name).get);
const setSize = getterOf(Set.prototype, 'size');
const mapSize = getterOf(Map.prototype, 'size');
const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
const typedArrayName = getterOf(TypedArrayPrototype, Symbol.toStringTag);
const typedArrayLength = getterOf(TypedArrayPrototype, 'length');
const byteLengthOf = {
  ArrayBuffer: getterOf(ArrayBuffer.prototype, 'byteLength'),
  SharedArrayBuffer: typeof SharedArrayBuffer === 'function' ? getterOf(SharedArrayBuffer.prototype, 'byteLength') : undefined,
};

const customSymbol = Symbol.for('nodejs.util.inspect.custom');

const defaultOptions = {
  showHidden: false,
  depth: 2,
  colors: false,
  customInspect: true,
  showProxy: false,
  maxArrayLength: 100,
  maxStringLength: 10000,
  breakLength: 80,
  compact: 3,
  sorted: false,
  getters: false,
  numericSeparator: false,
};

// What a list of output lines stands for: an object's properties, an array's elements, or an array's elements and then properties.
const OBJECT = 0;
const ELEMENT = 1;
const ARRAY = 2;

// Lines shorter than this stay in one piece.
const MIN_LINE_WIDTH = 16;
// Total output (in characters per indentation level) after which nested objects are no longer opened.
const BUDGET = 2 ** 27;

// The names of the language's own classes: what a class chain is followed up to.
const BUILTIN_NAMES = new Set([
  'Object', 'Function', 'Array', 'Number', 'Boolean', 'String', 'Symbol', 'Date', 'Promise', 'RegExp', 'Error', 'AggregateError',
  'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'SuppressedError', 'ArrayBuffer', 'Uint8Array',
  'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array', 'Float16Array', 'Float32Array', 'Float64Array',
  'Uint8ClampedArray', 'BigUint64Array', 'BigInt64Array', 'DataView', 'Map', 'BigInt', 'Set', 'Iterator', 'WeakMap', 'WeakSet',
  'WeakRef', 'Proxy', 'Reflect', 'FinalizationRegistry', 'Atomics', 'JSON', 'Math', 'Intl', 'WebAssembly',
  'DisposableStack', 'AsyncDisposableStack',
]);
const hasBuiltinName = (name) => BUILTIN_NAMES.has(name);

const identifier = /^[a-zA-Z_][a-zA-Z_0-9]*$/;
const arrayIndex = /^(0|[1-9][0-9]*)$/;

// ---- colours --------------------------------------------------------------

const colors = assign({ __proto__: null }, {
  reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], blink: [5, 25], inverse: [7, 27], hidden: [8, 28],
  strikethrough: [9, 29], doubleunderline: [21, 24], black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39],
  magenta: [35, 39], cyan: [36, 39], white: [37, 39], bgBlack: [40, 49], bgRed: [41, 49], bgGreen: [42, 49], bgYellow: [43, 49],
  bgBlue: [44, 49], bgMagenta: [45, 49], bgCyan: [46, 49], bgWhite: [47, 49], framed: [51, 54], overlined: [53, 55], gray: [90, 39],
  redBright: [91, 39], greenBright: [92, 39], yellowBright: [93, 39], blueBright: [94, 39], magentaBright: [95, 39], cyanBright: [96, 39],
  whiteBright: [97, 39], bgGray: [100, 49], bgRedBright: [101, 49], bgGreenBright: [102, 49], bgYellowBright: [103, 49],
  bgBlueBright: [104, 49], bgMagentaBright: [105, 49], bgCyanBright: [106, 49], bgWhiteBright: [107, 49],
});

const COLOR_ALIASES = [
  ['gray', 'grey'], ['gray', 'blackBright'], ['bgGray', 'bgGrey'], ['bgGray', 'bgBlackBright'], ['dim', 'faint'], ['strikethrough', 'crossedout'],
  ['strikethrough', 'strikeThrough'], ['strikethrough', 'crossedOut'], ['hidden', 'conceal'], ['inverse', 'swapColors'],
  ['inverse', 'swapcolors'], ['doubleunderline', 'doubleUnderline'],
];

// Aliases read and write the colour they stand for, so that changing one changes the other.
function defineAlias(target, alias) {
  defineProperty(colors, alias, {
    __proto__: null,
    get() { return this[target]; },
    set(value) { this[target] = value; },
    configurable: true,
    enumerable: false,
  });
}
for (const [target, alias] of COLOR_ALIASES) defineAlias(target, alias);

const styles = assign({ __proto__: null }, {
  special: 'cyan', number: 'yellow', bigint: 'yellow', boolean: 'yellow', undefined: 'grey', null: 'bold', string: 'green', symbol: 'green',
  date: 'magenta', regexp: 'red', module: 'underline',
});

function colorize(string, styleType) {
  const style = styles[styleType];
  if (style === undefined) return string;
  if (typeof style === 'function') return style(string);
  const color = colors[style];
  if (color === undefined) return string;
  return `\u001b[${color[0]}m${string}\u001b[${color[1]}m`;
}

const plain = (string) => string;

// ---- entry ----------------------------------------------------------------

function newContext() {
  return {
    budget: {},
    indentationLvl: 0,
    seen: [],
    currentDepth: 0,
    circular: undefined,
    userOptions: undefined,
    stylize: plain,
    showHidden: defaultOptions.showHidden,
    depth: defaultOptions.depth,
    colors: defaultOptions.colors,
    customInspect: defaultOptions.customInspect,
    showProxy: defaultOptions.showProxy,
    maxArrayLength: defaultOptions.maxArrayLength,
    maxStringLength: defaultOptions.maxStringLength,
    breakLength: defaultOptions.breakLength,
    compact: defaultOptions.compact,
    sorted: defaultOptions.sorted,
    getters: defaultOptions.getters,
    numericSeparator: defaultOptions.numericSeparator,
  };
}

function applyOptions(ctx, options) {
  for (const key of objectKeys(options)) {
    // Options that inspect itself doesn't know are kept for custom inspection functions.
    if (hasOwn(defaultOptions, key) || key === 'stylize') ctx[key] = options[key];
    else if (ctx.userOptions === undefined) ctx.userOptions = options;
  }
}

/** util.inspect(value[, options]) and the older (value, showHidden, depth, colors). */
function inspect(value, options) {
  const ctx = newContext();
  if (arguments.length > 1) {
    if (arguments.length > 2) {
      if (arguments[2] !== undefined) ctx.depth = arguments[2];
      if (arguments.length > 3 && arguments[3] !== undefined) ctx.colors = arguments[3];
    }
    if (typeof options === 'boolean') ctx.showHidden = options;
    else if (options) applyOptions(ctx, options);
  }
  if (ctx.colors) ctx.stylize = colorize;
  if (ctx.maxArrayLength === null) ctx.maxArrayLength = Infinity;
  if (ctx.maxStringLength === null) ctx.maxStringLength = Infinity;
  return formatValue(ctx, value, 0);
}

inspect.custom = customSymbol;
inspect.colors = colors;
inspect.styles = styles;
defineProperty(inspect, 'defaultOptions', {
  __proto__: null,
  get() { return defaultOptions; },
  set(options) {
    require('./validators').validateObject(options, 'options');
    assign(defaultOptions, options);
  },
});

// ---- dispatch -------------------------------------------------------------

function formatValue(ctx, value, recurseTimes, typedArray) {
  if (typeof value !== 'object' && typeof value !== 'function') return formatPrimitive(ctx.stylize, value, ctx);
  if (value === null) return ctx.stylize('null', 'null');

  const context = value;
  let kind = classOf(value);
  const isProxy = kind === 'Proxy';
  if (isProxy) {
    const details = getProxyDetails(value);
    if (details === undefined || details[0] === null) return ctx.stylize('<Revoked Proxy>', 'special');
    if (ctx.showProxy) return formatProxy(ctx, details, recurseTimes);
    while (kind === 'Proxy') {
      const inner = getProxyDetails(value)[0];
      if (inner === null) return ctx.stylize('<Revoked Proxy>', 'special');
      value = inner;
      kind = classOf(value);
    }
  }

  // Objects that only inherit from Error.prototype show as errors too.
  if (kind === 'Object' && value instanceof Error) kind = 'Error';

  if (ctx.customInspect) {
    const custom = value[customSymbol];
    if (typeof custom === 'function' && custom !== inspect && !isOwnPrototype(value)) {
      return formatCustom(ctx, custom, context, isProxy, recurseTimes);
    }
  }

  if (ctx.seen.includes(value)) {
    let index = 1;
    if (ctx.circular === undefined) {
      ctx.circular = new Map([[value, 1]]);
    } else {
      index = ctx.circular.get(value);
      if (index === undefined) {
        index = ctx.circular.size + 1;
        ctx.circular.set(value, index);
      }
    }
    return ctx.stylize(`[Circular *${index}]`, 'special');
  }
  return formatRaw(ctx, value, recurseTimes, typedArray, kind);
}

// A class's prototype inherits its own instances' custom function, which wouldn't expect it as `this`.
function isOwnPrototype(value) {
  const constructor = value.constructor;
  return Boolean(constructor) && constructor.prototype === value;
}

function formatCustom(ctx, custom, context, isProxy, recurseTimes) {
  const depth = ctx.depth === null ? null : ctx.depth - recurseTimes;
  const crossContext = isProxy || !(context instanceof Object);
  const result = custom.call(context, depth, userOptions(ctx, crossContext), inspect);
  if (result === context) {
    return formatRawOf(ctx, context, recurseTimes);
  }
  if (typeof result === 'string') return result.replaceAll('\n', `\n${' '.repeat(ctx.indentationLvl)}`);
  return formatValue(ctx, result, recurseTimes);
}

// The custom function handed the object itself back: show it as if it had none.
function formatRawOf(ctx, value, recurseTimes) {
  const { customInspect } = ctx;
  ctx.customInspect = false;
  try {
    if (ctx.seen.includes(value)) return formatValue(ctx, value, recurseTimes);
    let kind = classOf(value);
    while (kind === 'Proxy') {
      value = getProxyDetails(value)[0];
      kind = classOf(value);
    }
    ctx.customInspect = customInspect;
    return formatRaw(ctx, value, recurseTimes, undefined, kind);
  } finally {
    ctx.customInspect = customInspect;
  }
}

// What a custom inspection function gets as its options.
function userOptions(ctx, crossContext) {
  const options = {
    stylize: ctx.stylize,
    showHidden: ctx.showHidden,
    depth: ctx.depth,
    colors: ctx.colors,
    customInspect: ctx.customInspect,
    showProxy: ctx.showProxy,
    maxArrayLength: ctx.maxArrayLength,
    maxStringLength: ctx.maxStringLength,
    breakLength: ctx.breakLength,
    compact: ctx.compact,
    sorted: ctx.sorted,
    getters: ctx.getters,
    numericSeparator: ctx.numericSeparator,
    ...ctx.userOptions,
  };
  // Nothing of this realm must leak to an object of another.
  if (crossContext) {
    setPrototypeOf(options, null);
    for (const key of objectKeys(options)) {
      if ((typeof options[key] === 'object' || typeof options[key] === 'function') && options[key] !== null) delete options[key];
    }
    options.stylize = setPrototypeOf((value, flavour) => {
      let stylized;
      try {
        stylized = `${ctx.stylize(value, flavour)}`;
      } catch {
        // An unusable stylizer leaves the text as it is.
      }
      return typeof stylized === 'string' ? stylized : value;
    }, null);
  }
  return options;
}

function formatPrimitive(stylize, value, ctx) {
  switch (typeof value) {
    case 'string': return formatString(stylize, value, ctx);
    case 'number': return stylize(numberText(value, ctx.numericSeparator), 'number');
    case 'bigint': return stylize(bigintText(value, ctx.numericSeparator), 'bigint');
    case 'boolean': return stylize(`${value}`, 'boolean');
    case 'undefined': return stylize('undefined', 'undefined');
    default: return stylize(symbolToString(value), 'symbol');
  }
}

function formatString(stylize, value, ctx) {
  let trailer = '';
  if (value.length > ctx.maxStringLength) {
    const remaining = value.length - ctx.maxStringLength;
    value = value.slice(0, ctx.maxStringLength);
    trailer = `... ${remaining} more character${remaining > 1 ? 's' : ''}`;
  }
  if (ctx.compact !== true && value.length > MIN_LINE_WIDTH && value.length > ctx.breakLength - ctx.indentationLvl - 4) {
    const lines = splitAfterNewlines(value);
    for (let i = 0; i < lines.length; i++) lines[i] = stylize(quote(lines[i]), 'string');
    return lines.join(` +\n${' '.repeat(ctx.indentationLvl + 2)}`) + trailer;
  }
  return stylize(quote(value), 'string') + trailer;
}

function splitAfterNewlines(value) {
  const lines = [];
  let start = 0;
  for (;;) {
    const end = value.indexOf('\n', start);
    if (end === -1 || end === value.length - 1) {
      lines.push(value.slice(start));
      return lines;
    }
    lines.push(value.slice(start, end + 1));
    start = end + 1;
  }
}

// ---- names ----------------------------------------------------------------

function isInstanceOf(object, constructor) {
  try {
    return object instanceof constructor;
  } catch {
    return false;
  }
}

// The name of the nearest constructor on the prototype chain that the object really is an instance of; null without a chain.
// `protoProps`, where given, collects the chain's own properties on the way (showHidden).
function constructorName(object, ctx, recurseTimes, protoProps) {
  let firstProto;
  const start = object;
  while (object) {
    const descriptor = getOwnPropertyDescriptor(object, 'constructor');
    if (descriptor !== undefined && typeof descriptor.value === 'function' && descriptor.value.name !== '' &&
        isInstanceOf(start, descriptor.value)) {
      if (protoProps !== undefined && (firstProto !== object || !hasBuiltinName(descriptor.value.name))) {
        addPrototypeProperties(ctx, start, firstProto || start, recurseTimes, protoProps);
      }
      return String(descriptor.value.name);
    }
    object = getPrototypeOf(object);
    if (firstProto === undefined) firstProto = object;
  }
  if (firstProto === null) return null;
  const name = getConstructorName(start);
  if (ctx.depth !== null && recurseTimes > ctx.depth) return `${name} <Complex prototype>`;
  const protoName = constructorName(firstProto, ctx, recurseTimes + 1, protoProps);
  if (protoName === null) {
    return `${name} <${inspect(firstProto, { ...contextOptions(ctx), customInspect: false, depth: -1 })}>`;
  }
  return `${name} <${protoName}>`;
}

// Up to three prototypes' own properties that are no methods, dimmed where colours are on.
function addPrototypeProperties(ctx, main, object, recurseTimes, output) {
  let seenKeys;
  for (let depth = 0; depth < 3; depth++) {
    if (depth !== 0 || main === object) {
      object = getPrototypeOf(object);
      if (object === null) break;
      const descriptor = getOwnPropertyDescriptor(object, 'constructor');
      if (descriptor !== undefined && typeof descriptor.value === 'function' && hasBuiltinName(descriptor.value.name)) break;
    }
    const keys = ownKeys(object);
    if (depth === 0) seenKeys = new Set();
    ctx.seen.push(main);
    for (const key of keys) {
      if (key === 'constructor' || hasOwn(main, key) || (depth !== 0 && seenKeys.has(key))) continue;
      const descriptor = getOwnPropertyDescriptor(object, key);
      if (typeof descriptor.value === 'function') continue;
      const line = formatProperty(ctx, object, recurseTimes, key, OBJECT, descriptor, main);
      output.push(ctx.colors ? `\u001b[2m${line}\u001b[22m` : line);
    }
    ctx.seen.pop();
    for (const key of keys) seenKeys.add(key);
  }
}

// `Foo(2) [tag] `, `[Array(2): null prototype] `: what stands before the opening brace.
function prefixOf(constructor, tag, fallback, size = '') {
  if (constructor === null) {
    if (tag !== '' && fallback !== tag) return `[${fallback}${size}: null prototype] [${tag}] `;
    return `[${fallback}${size}: null prototype] `;
  }
  if (tag !== '' && constructor !== tag) return `${constructor}${size} [${tag}] `;
  return `${constructor}${size} `;
}

function tagOf(ctx, value, constructor) {
  const tag = value[Symbol.toStringTag];
  if (typeof tag !== 'string' || tag === '') return '';
  // An own property of that name is listed anyway.
  if (ctx.showHidden ? hasOwn(value, Symbol.toStringTag) : isEnumerable(value, Symbol.toStringTag)) return '';
  return constructor !== null && repeatsWord(constructor, tag) ? '' : tag;
}

// A tag that only repeats the end of one of the class name's words ("Bar" or "Foo" of "FooBar") says nothing new.
function repeatsWord(name, tag) {
  for (let at = name.indexOf(tag); at !== -1; at = name.indexOf(tag, at + 1)) {
    const next = name.charCodeAt(at + tag.length);
    if (next !== next || (next >= 65 && next <= 90)) return true;
  }
  return false;
}

function keysOf(value, showHidden) {
  const symbols = getOwnPropertySymbols(value);
  if (showHidden) {
    const names = getOwnPropertyNames(value);
    for (const symbol of symbols) names.push(symbol);
    return names;
  }
  let names;
  try {
    names = objectKeys(value);
  } catch {
    // A module namespace with bindings that aren't initialised yet.
    names = getOwnPropertyNames(value);
  }
  for (const symbol of symbols) if (isEnumerable(value, symbol)) names.push(symbol);
  return names;
}

// ---- objects --------------------------------------------------------------

// What formatRaw needs to know about an object of some class. `base` is text before the brace (functions, errors, dates …),
// `done` the complete text where nothing else is to be added.
function newShape() {
  return { base: '', open: '{', close: '}', formatter: noEntries, kind: OBJECT, keys: undefined, done: undefined };
}

const noEntries = () => [];

function formatRaw(ctx, value, recurseTimes, typedArray, kind) {
  let protoProps;
  if (ctx.showHidden && (ctx.depth === null || recurseTimes <= ctx.depth)) protoProps = [];
  const constructor = constructorName(value, ctx, recurseTimes, protoProps);
  if (protoProps !== undefined && protoProps.length === 0) protoProps = undefined;
  const tag = tagOf(ctx, value, constructor);
  const shape = newShape();
  describe(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, protoProps !== undefined);
  if (shape.done !== undefined) return shape.done;

  if (ctx.depth !== null && recurseTimes > ctx.depth) {
    let fallback = kind === 'Array' ? 'Array' : 'Object';
    if (constructor === null) {
      if (kind === 'TypedArray') fallback = typedArrayName(value);
      else fallback = kind === 'Object' ? formerName(value, constructor) : kind;
    }
    const name = prefixOf(constructor, tag, fallback).slice(0, -1);
    return ctx.stylize(constructor === null ? name : `[${name}]`, 'special');
  }
  recurseTimes += 1;
  ctx.seen.push(value);
  ctx.currentDepth = recurseTimes;
  let output;
  try {
    output = shape.formatter(ctx, value, recurseTimes, shape);
    for (const key of shape.keys) output.push(formatProperty(ctx, value, recurseTimes, key, shape.kind));
    if (protoProps !== undefined) for (const line of protoProps) output.push(line);
  } catch (error) {
    if (isStackOverflow(error)) return overflowText(ctx, value, constructor, tag);
    throw error;
  }
  return finish(ctx, value, recurseTimes, shape, output);
}

function finish(ctx, value, recurseTimes, shape, output) {
  if (ctx.circular !== undefined) {
    const index = ctx.circular.get(value);
    if (index !== undefined) {
      const reference = ctx.stylize(`<ref *${index}>`, 'special');
      if (ctx.compact !== true) shape.base = shape.base === '' ? reference : `${reference} ${shape.base}`;
      else shape.open = `${reference} ${shape.open}`;
    }
  }
  ctx.seen.pop();
  if (ctx.sorted) sortOutput(ctx, output, shape);
  const result = reduceToSingleString(ctx, output, shape.base, shape.open, shape.close, shape.kind, recurseTimes, value);
  const length = (ctx.budget[ctx.indentationLvl] || 0) + result.length;
  ctx.budget[ctx.indentationLvl] = length;
  // Beyond the budget only the outline of what is left is shown, so that huge graphs end.
  if (length > BUDGET) ctx.depth = -1;
  return result;
}

function sortOutput(ctx, output, shape) {
  const comparator = ctx.sorted === true ? undefined : ctx.sorted;
  if (shape.kind === OBJECT) {
    output.sort(comparator);
  } else if (shape.keys.length > 1) {
    const start = output.length - shape.keys.length;
    const sorted = output.slice(start).sort(comparator);
    for (let i = 0; i < sorted.length; i++) output[start + i] = sorted[i];
  }
}

const isStackOverflow = (error) =>
  error instanceof RangeError && typeof error.message === 'string' && error.message.includes('call stack');

function overflowText(ctx, value, constructor, tag) {
  ctx.seen.pop();
  ctx.depth = -1;
  const name = prefixOf(constructor, tag, 'Object').slice(0, -1);
  return ctx.stylize(`[${name}: Inspection interrupted prematurely. Maximum call stack size exceeded.]`, 'special');
}

// Fills `shape` for the value's class.
function describe(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
  const describer = describers[kind];
  const iterable = value[Symbol.iterator] || constructor === null;
  // Whatever has come to be a plain object by its prototype shows as one.
  const isPlain = constructor === 'Object' && kind !== 'Function';
  if (describer !== undefined && (NEEDS_ITERATOR.has(kind) ? iterable : !isPlain)) {
    describer(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps);
  } else {
    describePlain(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps);
  }
}

// Collections are shown as such only while they can be iterated.
const NEEDS_ITERATOR = new Set(['Array', 'Map', 'Set', 'TypedArray', 'MapIterator', 'SetIterator']);

// What an object without a prototype was made as, as far as the engine knows.
const formerName = (value, constructor) => (constructor === null ? getConstructorName(value) : 'Object');

function describePlain(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
  shape.keys = keysOf(value, ctx.showHidden);
  const bare = shape.keys.length === 0 && !hasProtoProps;
  if (constructor === 'Object' && kind !== 'Generator' && kind !== 'AsyncGenerator') {
    if (kind === 'Arguments') shape.open = '[Arguments] {';
    else if (tag !== '') shape.open = `${prefixOf(constructor, tag, 'Object')}{`;
    if (bare) shape.done = `${shape.open}}`;
    return;
  }
  const prefix = prefixOf(constructor, tag, kind === 'Arguments' || kind === 'Generator' || kind === 'AsyncGenerator' ? kind : formerName(value, constructor));
  if (bare) shape.done = `${prefix}{}`;
  else shape.open = `${prefix}{`;
}

const describers = {
  __proto__: null,

  Array(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
    const prefix = constructor !== 'Array' || tag !== '' ? prefixOf(constructor, tag, 'Array', `(${value.length})`) : '';
    shape.keys = getOwnNonIndexProperties(value, !ctx.showHidden);
    shape.open = `${prefix}[`;
    shape.close = ']';
    if (value.length === 0 && shape.keys.length === 0 && !hasProtoProps) shape.done = `${shape.open}]`;
    shape.kind = ARRAY;
    shape.formatter = formatArray;
  },

  Set(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
    const size = setSize(value);
    const prefix = prefixOf(constructor, tag, 'Set', `(${size})`);
    shape.keys = keysOf(value, ctx.showHidden);
    shape.formatter = formatSet;
    if (size === 0 && shape.keys.length === 0 && !hasProtoProps) shape.done = `${prefix}{}`;
    shape.open = `${prefix}{`;
  },

  Map(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
    const size = mapSize(value);
    const prefix = prefixOf(constructor, tag, 'Map', `(${size})`);
    shape.keys = keysOf(value, ctx.showHidden);
    shape.formatter = formatMap;
    if (size === 0 && shape.keys.length === 0 && !hasProtoProps) shape.done = `${prefix}{}`;
    shape.open = `${prefix}{`;
  },

  TypedArray(ctx, value, kind, constructor, tag, shape) {
    shape.keys = getOwnNonIndexProperties(value, !ctx.showHidden);
    const length = typedArrayLength(value);
    const prefix = prefixOf(constructor, tag, constructor === null ? typedArrayName(value) : '', `(${length})`);
    shape.open = `${prefix}[`;
    shape.close = ']';
    if (length === 0 && shape.keys.length === 0 && !ctx.showHidden) shape.done = `${shape.open}]`;
    shape.kind = ARRAY;
    shape.formatter = formatTypedArray;
  },

  MapIterator: describeIterator,
  SetIterator: describeIterator,

  Function(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
    shape.keys = keysOf(value, ctx.showHidden);
    shape.base = functionBase(ctx, value, constructor, tag);
    if (shape.keys.length === 0 && !hasProtoProps) shape.done = ctx.stylize(shape.base, 'special');
  },

  RegExp(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
    shape.keys = keysOf(value, ctx.showHidden);
    shape.base = regExpToString(constructor !== null ? value : new RegExp(value));
    const prefix = prefixOf(constructor, tag, 'RegExp');
    if (prefix !== 'RegExp ') shape.base = `${prefix}${shape.base}`;
    if ((shape.keys.length === 0 && !hasProtoProps) || (ctx.depth !== null && recurseTimes > ctx.depth)) {
      shape.done = ctx.stylize(shape.base, 'regexp');
    }
  },

  Date(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
    shape.keys = keysOf(value, ctx.showHidden);
    const time = dateGetTime(value);
    shape.base = time !== time ? dateToString(value) : dateToISO(value);
    const prefix = prefixOf(constructor, tag, 'Date');
    if (prefix !== 'Date ') shape.base = `${prefix}${shape.base}`;
    if (shape.keys.length === 0 && !hasProtoProps) shape.done = ctx.stylize(shape.base, 'date');
  },

  Error(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
    shape.keys = keysOf(value, ctx.showHidden);
    shape.base = errors().formatError(ctx, value, constructor, tag, shape.keys);
    if (shape.keys.length === 0 && !hasProtoProps) shape.done = shape.base;
  },

  ArrayBuffer: describeBuffer,
  SharedArrayBuffer: describeBuffer,

  DataView(ctx, value, kind, constructor, tag, shape) {
    shape.keys = keysOf(value, ctx.showHidden);
    shape.open = `${prefixOf(constructor, tag, 'DataView')}{`;
    shape.formatter = (c, view, depth) => hiddenFields(c, view, depth, ['byteLength', 'byteOffset', 'buffer']);
  },

  Promise(ctx, value, kind, constructor, tag, shape) {
    shape.keys = keysOf(value, ctx.showHidden);
    shape.open = `${prefixOf(constructor, tag, 'Promise')}{`;
    shape.formatter = formatPromise;
  },

  WeakSet: describeWeak,
  WeakMap: describeWeak,

  Namespace(ctx, value, kind, constructor, tag, shape) {
    shape.keys = keysOf(value, ctx.showHidden);
    shape.open = `${prefixOf(constructor, tag, 'Module')}{`;
    shape.formatter = formatNamespace;
  },

  Boolean: describeBoxed,
  Number: describeBoxed,
  String: describeBoxed,
  Symbol: describeBoxed,
  BigInt: describeBoxed,
};

let errorsModule;
const errors = () => (errorsModule ??= require('./inspect_error'));

function describeIterator(ctx, value, kind, constructor, tag, shape) {
  shape.keys = keysOf(value, ctx.showHidden);
  const name = kind === 'MapIterator' ? 'Map Iterator' : 'Set Iterator';
  shape.open = tag === '' || tag === name ? `[${name}] {` : `[${tag}] [${name}] {`;
  shape.formatter = formatIterator;
}

function describeBuffer(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
  shape.keys = keysOf(value, ctx.showHidden);
  const prefix = prefixOf(constructor, tag, kind);
  if (typedArray === undefined) {
    shape.formatter = formatArrayBuffer;
  } else if (shape.keys.length === 0 && !hasProtoProps) {
    // Inside a typed array the bytes have been shown already.
    shape.done = `${prefix}{ [byteLength]: ${ctx.stylize(numberText(byteLengthOf[kind](value), false), 'number')} }`;
  } else {
    shape.formatter = (c, buffer, depth) => hiddenFields(c, buffer, depth, ['byteLength']);
  }
  shape.open = `${prefix}{`;
}

function describeWeak(ctx, value, kind, constructor, tag, shape) {
  shape.keys = keysOf(value, ctx.showHidden);
  shape.open = `${prefixOf(constructor, tag, kind)}{`;
  shape.formatter = ctx.showHidden ? formatWeak : () => [ctx.stylize('<items unknown>', 'special')];
}

function describeBoxed(ctx, value, kind, constructor, tag, shape, recurseTimes, typedArray, hasProtoProps) {
  shape.keys = keysOf(value, ctx.showHidden);
  const primitive = unbox[kind](value);
  // A boxed string's characters are its own index properties; they are in the base already.
  if (kind === 'String') shape.keys.splice(0, primitive.length);
  let base = `[${kind}`;
  if (kind !== constructor) base += constructor === null ? ' (null prototype)' : ` (${constructor})`;
  base += `: ${formatPrimitive(plain, primitive, ctx)}]`;
  if (tag !== '' && tag !== constructor) base += ` [${tag}]`;
  shape.base = shape.keys.length !== 0 || ctx.stylize === plain ? base : ctx.stylize(base, kind.toLowerCase());
  if (shape.keys.length === 0 && !hasProtoProps) shape.done = shape.base;
}

// ---- functions ------------------------------------------------------------

function functionBase(ctx, value, constructor, tag) {
  const kind = functionKind(value);
  if (kind.isClass && hasPlainHeritage(value)) return classBase(value, constructor, tag);
  const type = `${kind.isAsync ? 'Async' : ''}${kind.isGenerator ? 'Generator' : ''}Function`;
  let base = `[${type}`;
  if (constructor === null) base += ' (null prototype)';
  const name = value.name;
  if (name === '') base += ' (anonymous)';
  else base += `: ${typeof name === 'string' ? name : formatValue(ctx, name)}`;
  base += ']';
  if (constructor !== type && constructor !== null) base += ` ${constructor}`;
  if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
  return base;
}

// Node takes a class whose heritage is a call or a bracketed expression for a function; so that the texts agree, so do we.
function hasPlainHeritage(value) {
  const source = functionToString(value);
  const brace = source.indexOf('{');
  const head = source.slice(5, brace);
  return !head.includes('(') || /^\s+[^(]*$/.test(head.replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, ''));
}

function classBase(value, constructor, tag) {
  const name = (hasOwn(value, 'name') && value.name) || '(anonymous)';
  let base = `class ${name}`;
  if (constructor !== 'Function' && constructor !== null) base += ` [${constructor}]`;
  if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
  if (constructor === null) {
    base += ' extends [null prototype]';
  } else {
    const superName = getPrototypeOf(value).name;
    if (superName) base += ` extends ${superName}`;
  }
  return `[${base}]`;
}

// ---- entries of collections ------------------------------------------------

const moreItems = (count) => `... ${count} more item${count > 1 ? 's' : ''}`;

function formatArray(ctx, value, recurseTimes) {
  const total = value.length;
  const count = min(max(0, ctx.maxArrayLength), total);
  const output = [];
  for (let i = 0; i < count; i++) {
    if (!hasOwn(value, i)) return formatSparse(ctx, value, recurseTimes, count, output, i);
    output.push(formatProperty(ctx, value, recurseTimes, i, ELEMENT));
  }
  if (total > count) output.push(moreItems(total - count));
  return output;
}

// An array with holes, from the first hole on: runs of holes count as one entry.
function formatSparse(ctx, value, recurseTimes, limit, output, start) {
  const keys = objectKeys(value);
  let index = start;
  for (let i = start; i < keys.length && output.length < limit; i++) {
    const key = keys[i];
    if (`${index}` !== key) {
      if (!arrayIndex.test(key) || Number(key) > 2 ** 32 - 2) break;
      const holes = key - index;
      output.push(ctx.stylize(`<${holes} empty item${holes > 1 ? 's' : ''}>`, 'undefined'));
      index = Number(key);
      if (output.length === limit) break;
    }
    output.push(formatProperty(ctx, value, recurseTimes, key, ELEMENT));
    index++;
  }
  const remaining = value.length - index;
  if (output.length !== limit) {
    if (remaining > 0) output.push(ctx.stylize(`<${remaining} empty item${remaining > 1 ? 's' : ''}>`, 'undefined'));
  } else if (remaining > 0) {
    output.push(moreItems(remaining));
  }
  return output;
}

function formatTypedArray(ctx, value, recurseTimes) {
  const length = typedArrayLength(value);
  const count = min(max(0, ctx.maxArrayLength), length);
  const output = [];
  for (let i = 0; i < count; i++) output.push(formatPrimitive(ctx.stylize, value[i], ctx));
  if (length > count) output.push(moreItems(length - count));
  if (ctx.showHidden) {
    ctx.indentationLvl += 2;
    for (const key of ['BYTES_PER_ELEMENT', 'length', 'byteLength', 'byteOffset', 'buffer']) {
      output.push(`${ctx.stylize(`[${key}]`, 'string')}: ${formatValue(ctx, value[key], recurseTimes, true)}`);
    }
    ctx.indentationLvl -= 2;
  }
  return output;
}

function hiddenFields(ctx, value, recurseTimes, names) {
  const output = [];
  for (const name of names) {
    ctx.indentationLvl += 2;
    output.push(`${ctx.stylize(`[${name}]`, 'string')}: ${formatValue(ctx, value[name], recurseTimes)}`);
    ctx.indentationLvl -= 2;
  }
  return output;
}

function formatArrayBuffer(ctx, value, recurseTimes) {
  let bytes;
  try {
    bytes = new Uint8Array(value);
  } catch {
    return [ctx.stylize('(detached)', 'special'), ...hiddenFields(ctx, value, recurseTimes, ['byteLength'])];
  }
  const count = min(max(0, ctx.maxArrayLength), bytes.length);
  let hex = '';
  for (let i = 0; i < count; i++) {
    const byte = bytes[i];
    hex += `${i === 0 ? '' : ' '}${byte < 16 ? '0' : ''}${byte.toString(16)}`;
  }
  const remaining = bytes.length - ctx.maxArrayLength;
  if (remaining > 0) hex += ` ... ${remaining} more byte${remaining > 1 ? 's' : ''}`;
  return [`${ctx.stylize('[Uint8Contents]', 'special')}: <${hex}>`, ...hiddenFields(ctx, value, recurseTimes, ['byteLength'])];
}

function formatSet(ctx, value, recurseTimes) {
  const size = setSize(value);
  const limit = min(max(0, ctx.maxArrayLength), size);
  const output = [];
  ctx.indentationLvl += 2;
  let i = 0;
  for (const entry of setValues(value)) {
    if (i++ >= limit) break;
    output.push(formatValue(ctx, entry, recurseTimes));
  }
  if (size > limit) output.push(moreItems(size - limit));
  ctx.indentationLvl -= 2;
  return output;
}

function formatMap(ctx, value, recurseTimes) {
  const size = mapSize(value);
  const limit = min(max(0, ctx.maxArrayLength), size);
  const output = [];
  ctx.indentationLvl += 2;
  let i = 0;
  for (const entry of mapEntries(value)) {
    if (i++ >= limit) break;
    output.push(`${formatValue(ctx, entry[0], recurseTimes)} => ${formatValue(ctx, entry[1], recurseTimes)}`);
  }
  if (size > limit) output.push(moreItems(size - limit));
  ctx.indentationLvl -= 2;
  return output;
}

function formatIterator(ctx, value, recurseTimes, shape) {
  const [entries, isKeyValue] = previewEntries(value);
  if (!isKeyValue) return formatList(ctx, entries, recurseTimes);
  shape.open = shape.open.replace(/ Iterator\] \{$/, ' Entries] {');
  const limit = min(max(0, ctx.maxArrayLength), entries.length / 2);
  const output = [];
  ctx.indentationLvl += 2;
  for (let i = 0; i < limit; i++) {
    const pair = [formatValue(ctx, entries[2 * i], recurseTimes), formatValue(ctx, entries[2 * i + 1], recurseTimes)];
    output.push(reduceToSingleString(ctx, pair, '', '[', ']', ARRAY, recurseTimes));
  }
  ctx.indentationLvl -= 2;
  if (entries.length / 2 > limit) output.push(moreItems(entries.length / 2 - limit));
  return output;
}

function formatList(ctx, entries, recurseTimes, sorted) {
  const limit = min(max(0, ctx.maxArrayLength), entries.length);
  const output = [];
  ctx.indentationLvl += 2;
  for (let i = 0; i < limit; i++) output.push(formatValue(ctx, entries[i], recurseTimes));
  ctx.indentationLvl -= 2;
  // Weak collections have no order of their own.
  if (sorted && !ctx.sorted) output.sort();
  if (entries.length > limit) output.push(moreItems(entries.length - limit));
  return output;
}

function formatWeak(ctx, value, recurseTimes) {
  const [entries, isKeyValue] = previewEntries(value);
  if (!isKeyValue) return formatList(ctx, entries, recurseTimes, true);
  const pairs = entries.length / 2;
  const limit = min(max(0, ctx.maxArrayLength), pairs);
  const output = [];
  ctx.indentationLvl += 2;
  for (let i = 0; i < limit; i++) {
    output.push(`${formatValue(ctx, entries[2 * i], recurseTimes)} => ${formatValue(ctx, entries[2 * i + 1], recurseTimes)}`);
  }
  ctx.indentationLvl -= 2;
  if (!ctx.sorted) output.sort();
  if (pairs > limit) output.push(moreItems(pairs - limit));
  return output;
}

function formatPromise(ctx, value, recurseTimes) {
  const [state, result] = getPromiseDetails(value);
  if (state === 0) return [ctx.stylize('<pending>', 'special')];
  ctx.indentationLvl += 2;
  const shown = formatValue(ctx, result, recurseTimes);
  ctx.indentationLvl -= 2;
  return [state === 2 ? `${ctx.stylize('<rejected>', 'special')} ${shown}` : shown];
}

function formatNamespace(ctx, value, recurseTimes, shape) {
  const output = [];
  for (const key of shape.keys) {
    try {
      output.push(formatProperty(ctx, value, recurseTimes, key, OBJECT));
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      // Exported but not initialised yet.
      const line = formatProperty(ctx, { [key]: '' }, recurseTimes, key, OBJECT);
      output.push(line.slice(0, line.lastIndexOf(' ') + 1) + ctx.stylize('<uninitialized>', 'special'));
    }
  }
  shape.keys = [];
  return output;
}

function formatProxy(ctx, [target, handler], recurseTimes) {
  if (ctx.depth !== null && recurseTimes > ctx.depth) return ctx.stylize('Proxy [Array]', 'special');
  recurseTimes += 1;
  ctx.indentationLvl += 2;
  const parts = [formatValue(ctx, target, recurseTimes), formatValue(ctx, handler, recurseTimes)];
  ctx.indentationLvl -= 2;
  return reduceToSingleString(ctx, parts, '', 'Proxy [', ']', ARRAY, recurseTimes);
}

// ---- properties -----------------------------------------------------------

function formatProperty(ctx, value, recurseTimes, key, kind, descriptor, original = value) {
  let gap = ' ';
  let shown;
  descriptor = descriptor || getOwnPropertyDescriptor(value, key) || { value: value[key], configurable: true, enumerable: true };
  if (descriptor.value !== undefined) {
    const indent = ctx.compact !== true || kind !== OBJECT ? 2 : 3;
    ctx.indentationLvl += indent;
    shown = formatValue(ctx, descriptor.value, recurseTimes);
    if (indent === 3 && ctx.breakLength < getStringWidth(shown, ctx.colors)) gap = `\n${' '.repeat(ctx.indentationLvl)}`;
    ctx.indentationLvl -= indent;
  } else if (descriptor.get !== undefined) {
    shown = formatGetter(ctx, descriptor, original, recurseTimes);
  } else if (descriptor.set !== undefined) {
    shown = ctx.stylize('[Setter]', 'special');
  } else {
    shown = ctx.stylize('undefined', 'undefined');
  }
  if (kind === ELEMENT) return shown;
  return `${propertyName(ctx, key, descriptor)}:${gap}${shown}`;
}

function propertyName(ctx, key, descriptor) {
  if (typeof key === 'symbol') {
    const name = ctx.stylize(escapeBare(symbolToString(key)), 'symbol');
    return descriptor.enumerable === false ? `[${name}]` : name;
  }
  if (key === '__proto__') return descriptor.enumerable === false ? "[['__proto__']]" : "['__proto__']";
  if (descriptor.enumerable === false) return `[${identifier.test(key) ? key : ctx.stylize(quote(key), 'string')}]`;
  if (identifier.test(key)) return ctx.stylize(key, 'name');
  return ctx.stylize(quote(key), 'string');
}

function wantsGetter(ctx, descriptor) {
  const { getters } = ctx;
  return getters && (getters === true || (getters === 'get' && descriptor.set === undefined) ||
    (getters === 'set' && descriptor.set !== undefined));
}

function formatGetter(ctx, descriptor, original, recurseTimes) {
  const label = descriptor.set !== undefined ? 'Getter/Setter' : 'Getter';
  const { stylize } = ctx;
  if (!wantsGetter(ctx, descriptor)) return stylize(`[${label}]`, 'special');
  try {
    const result = descriptor.get.call(original);
    ctx.indentationLvl += 2;
    try {
      if (result === null) return `${stylize(`[${label}:`, 'special')} ${stylize('null', 'null')}${stylize(']', 'special')}`;
      if (typeof result === 'object' || typeof result === 'function') return `${stylize(`[${label}]`, 'special')} ${formatValue(ctx, result, recurseTimes)}`;
      return `${stylize(`[${label}:`, 'special')} ${formatPrimitive(stylize, result, ctx)}${stylize(']', 'special')}`;
    } finally {
      ctx.indentationLvl -= 2;
    }
  } catch (error) {
    ctx.indentationLvl += 2;
    const shown = `<Inspection threw (${formatValue(ctx, error, recurseTimes)})>`;
    ctx.indentationLvl -= 2;
    return `${stylize(`[${label}:`, 'special')} ${shown}${stylize(']', 'special')}`;
  }
}

// ---- layout ---------------------------------------------------------------

// Puts the entries on one line where they fit, in columns where it is a long list, else one per line.
function reduceToSingleString(ctx, output, base, open, close, kind, recurseTimes, value) {
  const before = base ? `${base} ` : '';
  if (ctx.compact !== true) {
    if (typeof ctx.compact === 'number' && ctx.compact >= 1) {
      const entries = output.length;
      if (kind === ARRAY && entries > 6) output = groupInColumns(ctx, output, value);
      // The innermost `compact` levels share a line, unless columns have been made.
      if (ctx.currentDepth - recurseTimes < ctx.compact && entries === output.length) {
        const start = output.length + ctx.indentationLvl + open.length + base.length + 10;
        if (fitsLine(ctx, output, start, base)) {
          const joined = output.join(', ');
          if (!joined.includes('\n')) return `${before}${open} ${joined} ${close}`;
        }
      }
    }
    const indentation = `\n${' '.repeat(ctx.indentationLvl)}`;
    return `${before}${open}${indentation}  ${output.join(`,${indentation}  `)}${indentation}${close}`;
  }
  const after = base ? ` ${base}` : '';
  if (fitsLine(ctx, output, 0, base)) return `${open}${after} ${output.join(', ')} ${close}`;
  const indentation = `\n${' '.repeat(ctx.indentationLvl)}`;
  const lead = base === '' && open.length === 1 ? ' ' : `${after}${indentation}  `;
  return `${open}${lead}${output.join(`,${indentation}  `)} ${close}`;
}

function fitsLine(ctx, output, start, base) {
  let total = output.length + start;
  if (total + output.length > ctx.breakLength) return false;
  for (let i = 0; i < output.length; i++) {
    total += ctx.colors ? stripColors(output[i]).length : output[i].length;
    if (total > ctx.breakLength) return false;
  }
  return base === '' || !base.includes('\n');
}

// Lays more than six entries out in columns, about 2.5 times as many rows as would make it square.
function groupInColumns(ctx, output, value) {
  // The "more items" line stays outside.
  const count = ctx.maxArrayLength < output.length ? output.length - 1 : output.length;
  const lengths = new Array(count);
  let total = 0;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const length = getStringWidth(output[i], ctx.colors);
    lengths[i] = length;
    total += length + 2;
    if (longest < length) longest = length;
  }
  const widest = longest + 2;
  if (widest * 3 + ctx.indentationLvl >= ctx.breakLength || !(total / widest > 5 || longest <= 6)) return output;
  const bias = sqrt(widest - total / output.length);
  const biased = max(widest - 3 - bias, 1);
  const columns = min(
    round(sqrt(2.5 * biased * count) / biased),
    floor((ctx.breakLength - ctx.indentationLvl) / widest),
    ctx.compact * 4,
    15,
  );
  if (columns <= 1) return output;
  return layColumns(ctx, output, value, lengths, count, columns);
}

function layColumns(ctx, output, value, lengths, count, columns) {
  const widths = [];
  for (let column = 0; column < columns; column++) {
    let width = 0;
    for (let i = column; i < count; i += columns) if (lengths[i] > width) width = lengths[i];
    widths.push(width + 2);
  }
  const alignRight = value !== undefined && everyNumeric(value, output.length);
  const rows = [];
  for (let i = 0; i < count; i += columns) {
    const end = min(i + columns, count);
    let row = '';
    for (let j = i; j < end - 1; j++) {
      const cell = `${output[j]}, `;
      const padding = ' '.repeat(max(0, widths[j - i] - lengths[j] - 2));
      row += alignRight ? padding + cell : cell + padding;
    }
    const last = end - 1;
    if (alignRight) row += ' '.repeat(max(0, widths[last - i] - 2 - lengths[last]));
    rows.push(row + output[last]);
  }
  if (count < output.length) rows.push(output[count]);
  return rows;
}

function everyNumeric(value, count) {
  for (let i = 0; i < count; i++) {
    if (typeof value[i] !== 'number' && typeof value[i] !== 'bigint') return false;
  }
  return true;
}

function contextOptions(ctx) {
  const options = {};
  for (const key of objectKeys(defaultOptions)) options[key] = ctx[key];
  return options;
}

module.exports = {
  inspect, formatValue, formatPrimitive, plain, customSymbol, hasBuiltinName, keysOf, prefixOf, isInstanceOf, defaultOptions, colors,
};
