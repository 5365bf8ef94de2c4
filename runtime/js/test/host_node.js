// Runs the builtin files under Node itself (started with --expose-internals): stands in for the native helpers, so that
// the same corpus can be compared with Node's own modules before and after our engine takes over.
'use strict';
const fs = require('fs');
const path = require('path');
const vm = require('vm');
const { internalBinding } = require('internal/test/binding');
const { types } = require('util');
const native = internalBinding('util');

const KINDS = [
  ['isProxy', 'Proxy'], ['isModuleNamespaceObject', 'Namespace'], ['isMap', 'Map'], ['isSet', 'Set'], ['isDate', 'Date'], ['isRegExp', 'RegExp'],
  ['isNativeError', 'Error'], ['isPromise', 'Promise'], ['isArgumentsObject', 'Arguments'], ['isTypedArray', 'TypedArray'],
  ['isArrayBuffer', 'ArrayBuffer'], ['isSharedArrayBuffer', 'SharedArrayBuffer'], ['isDataView', 'DataView'], ['isMapIterator', 'MapIterator'],
  ['isSetIterator', 'SetIterator'], ['isWeakMap', 'WeakMap'], ['isWeakSet', 'WeakSet'], ['isBooleanObject', 'Boolean'], ['isNumberObject', 'Number'],
  ['isStringObject', 'String'], ['isSymbolObject', 'Symbol'], ['isBigIntObject', 'BigInt'], ['isExternal', 'External'],
];

function classOf(value) {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return 'Object';
  if (types.isProxy(value)) return 'Proxy';
  if (typeof value === 'function') return 'Function';
  if (Array.isArray(value)) return 'Array';
  for (const [test, name] of KINDS) if (types[test](value)) return name;
  if (types.isGeneratorObject(value)) {
    return Object.prototype.toString.call(value) === '[object AsyncGenerator]' ? 'AsyncGenerator' : 'Generator';
  }
  if (isWeakRef(value)) return 'WeakRef';
  return 'Object';
}

const deref = WeakRef.prototype.deref;
function isWeakRef(value) {
  try {
    deref.call(value);
    return true;
  } catch {
    return false;
  }
}

const binding = {
  classOf,
  functionKind(f) {
    return {
      isClass: /^class\b/.test(Function.prototype.toString.call(f)),
      isAsync: types.isAsyncFunction(f),
      isGenerator: types.isGeneratorFunction(f),
    };
  },
  getProxyDetails: (value) => native.getProxyDetails(value, true),
  previewEntries: (value) => native.previewEntries(value, true) || [[], false],
  getPromiseDetails: (promise) => native.getPromiseDetails(promise),
  getOwnNonIndexProperties: (object, onlyEnumerable) => native.getOwnNonIndexProperties(object, onlyEnumerable ? 2 : 0),
  getConstructorName: (object) => native.getConstructorName(object),
  getSystemErrors: () => [...require('util').getSystemErrorMap()].map(([number, [name, message]]) => [number, name, message]),
  getCallSites: (count) => native.getCallSites(count),
  markPromiseAsHandled: (promise) => native.markPromiseAsHandled(promise),
  parseEnv: native.parseEnv,
  now: () => performance.now(),
  signalNumbers: () => require('os').constants.signals,
  callSource(fn) {
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = (_, sites) => sites[0];
    const holder = {};
    Error.captureStackTrace(holder, fn);
    const site = holder.stack;
    Error.prepareStackTrace = prepareStackTrace;
    if (!site || !fs.existsSync(site.getFileName() ?? '')) return undefined;
    const line = fs.readFileSync(site.getFileName(), 'utf8').split('\n')[site.getLineNumber() - 1];
    const at = site.getColumnNumber() - 1;
    return [line.slice(0, at), line.slice(at)];
  },
};

const root = path.join(__dirname, '..');
const cache = new Map();
function load(name) {
  name = name.replace(/^\.\//, '');
  const file = path.join(root, `${name}.js`);
  if (cache.has(name)) return cache.get(name).exports;
  if (!fs.existsSync(file)) return require(name);
  const module = { exports: {} };
  cache.set(name, module);
  const compiled = vm.compileFunction(fs.readFileSync(file, 'utf8'), ['exports', 'require', 'module', 'binding'], { filename: file });
  compiled.call(module.exports, module.exports, load, module, binding);
  return module.exports;
}

module.exports = { load, binding };
