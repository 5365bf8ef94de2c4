// util.types: what an object really is, whatever its prototype or tags say.

const { classOf, functionKind } = binding;

const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
const is = (...kinds) => {
  if (kinds.length === 1) {
    const [kind] = kinds;
    return (value) => isObject(value) && classOf(value) === kind;
  }
  return (value) => isObject(value) && kinds.includes(classOf(value));
};

const typedArrayName = Function.prototype.call.bind(
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get);
const isNamed = (name) => (value) => ArrayBuffer.isView(value) && typedArrayName(value) === name;

const isProxy = is('Proxy');
const kindOfFunction = (value) => typeof value === 'function' && !isProxy(value) ? functionKind(value) : undefined;

const types = {
  isExternal: is('External'),
  isDate: is('Date'),
  isArgumentsObject: is('Arguments'),
  isBigIntObject: is('BigInt'),
  isBooleanObject: is('Boolean'),
  isNumberObject: is('Number'),
  isStringObject: is('String'),
  isSymbolObject: is('Symbol'),
  isBoxedPrimitive: is('Number', 'String', 'Boolean', 'BigInt', 'Symbol'),
  isNativeError: is('Error'),
  isRegExp: is('RegExp'),
  isAsyncFunction: (value) => kindOfFunction(value)?.isAsync === true,
  isGeneratorFunction: (value) => kindOfFunction(value)?.isGenerator === true,
  isGeneratorObject: is('Generator', 'AsyncGenerator'),
  isPromise: is('Promise'),
  isMap: is('Map'),
  isSet: is('Set'),
  isMapIterator: is('MapIterator'),
  isSetIterator: is('SetIterator'),
  isWeakMap: is('WeakMap'),
  isWeakSet: is('WeakSet'),
  isArrayBuffer: is('ArrayBuffer'),
  isDataView: is('DataView'),
  isSharedArrayBuffer: is('SharedArrayBuffer'),
  isProxy,
  isModuleNamespaceObject: is('Namespace'),
  isAnyArrayBuffer: is('ArrayBuffer', 'SharedArrayBuffer'),
  isArrayBufferView: ArrayBuffer.isView,
  isTypedArray: (value) => ArrayBuffer.isView(value) && typedArrayName(value) !== undefined,
  isKeyObject: (value) => isObject(value) && value[Symbol.toStringTag] === 'KeyObject',
  isCryptoKey: (value) => isObject(value) && value[Symbol.toStringTag] === 'CryptoKey',
};
for (const name of ['Uint8', 'Uint8Clamped', 'Uint16', 'Uint32', 'Int8', 'Int16', 'Int32', 'Float16', 'Float32', 'Float64', 'BigInt64', 'BigUint64']) {
  types[`is${name}Array`] = isNamed(`${name}Array`);
}

module.exports = types;
