// v8.serialize and what is behind it: V8's format for structured clones (version 15), as bytes that another process can read.

const { codes } = require('./errors');
const { classOf } = binding;

const VERSION = 15;
const TAG = {
  undefined: 0x5f, null: 0x30, true: 0x54, false: 0x46, int: 0x49, uint: 0x55, double: 0x4e, bigint: 0x5a, latin1: 0x22, utf16: 0x63, utf8: 0x53, padding: 0,
  reference: 0x5e, object: 0x6f, endObject: 0x7b, dense: 0x41, endDense: 0x24, sparse: 0x61, endSparse: 0x40, hole: 0x2d, date: 0x44, trueObject: 0x79, falseObject: 0x78,
  numberObject: 0x6e, bigintObject: 0x7a, stringObject: 0x73, regexp: 0x52, map: 0x3b, endMap: 0x3a, set: 0x27, endSet: 0x2c, buffer: 0x42, resizable: 0x7e, view: 0x56,
  transferred: 0x74, error: 0x72, host: 0x5c,
};
const REGEXP_FLAGS = ['g', 'i', 'm', 'y', 'u', 's', undefined, 'd', 'v'];
const ERRORS = { EvalError: 'E', RangeError: 'R', ReferenceError: 'F', SyntaxError: 'S', TypeError: 'T', URIError: 'U' };
const ERROR_CLASSES = { E: EvalError, R: RangeError, F: ReferenceError, S: SyntaxError, T: TypeError, U: URIError };
const VIEWS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, DataView, Buffer, BigInt64Array, BigUint64Array];
const uncurry = (f) => Function.prototype.call.bind(f);
const valueOf = { Number: uncurry(Number.prototype.valueOf), String: uncurry(String.prototype.valueOf), Boolean: uncurry(Boolean.prototype.valueOf), BigInt: uncurry(BigInt.prototype.valueOf) };
const isIndex = (key) => typeof key === 'string' && String(key >>> 0) === key && key >>> 0 !== 4294967295;

class Serializer {
  #bytes = Buffer.alloc(64);
  #length = 0;
  #ids = new Map();
  #transferred = new Map();
  #viewsAreHosts = false;

  #room(n) {
    if (this.#length + n <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length + n));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  #byte(value) {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  #varint(value) {
    while (value >= 0x80) {
      this.#byte((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    this.#byte(value);
  }

  writeHeader() {
    this.#byte(0xff);
    this.#byte(VERSION);
  }

  writeUint32(value) {
    this.#varint(value >>> 0);
  }

  writeUint64(high, low) {
    let value = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    while (value >= 0x80n) {
      this.#byte(Number(value & 0x7fn) | 0x80);
      value >>= 7n;
    }
    this.#byte(Number(value));
  }

  writeDouble(value) {
    this.#room(8);
    this.#bytes.writeDoubleLE(value, this.#length);
    this.#length += 8;
  }

  writeRawBytes(source) {
    if (!ArrayBuffer.isView(source) && classOf(source) !== 'ArrayBuffer') throw new codes.ERR_INVALID_ARG_TYPE('source', ['ArrayBuffer', 'Buffer', 'TypedArray', 'DataView'], source);
    const bytes = ArrayBuffer.isView(source) ? Buffer.from(source.buffer, source.byteOffset, source.byteLength) : Buffer.from(source);
    this.#room(bytes.length);
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
  }

  releaseBuffer() {
    const bytes = Buffer.from(new Uint8Array(this.#bytes.subarray(0, this.#length)).buffer);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return bytes;
  }

  transferArrayBuffer(id, arrayBuffer) {
    this.#transferred.set(arrayBuffer, id);
  }

  _setTreatArrayBufferViewsAsHostObjects(flag) {
    this.#viewsAreHosts = Boolean(flag);
  }

  _getSharedArrayBufferId() {
    throw new codes.ERR_METHOD_NOT_IMPLEMENTED('_getSharedArrayBufferId()');
  }

  _writeHostObject() {
    throw new codes.ERR_METHOD_NOT_IMPLEMENTED('_writeHostObject()');
  }

  #refuse(value) {
    const shown = typeof value === 'function' ? Function.prototype.toString.call(value) : typeof value === 'symbol' ? String(value) : `#<${binding.getConstructorName(value)}>`;
    throw new (this._getDataCloneError)(`${shown} could not be cloned.`);
  }

  writeValue(value) {
    switch (typeof value) {
      case 'undefined': return this.#byte(TAG.undefined), true;
      case 'boolean': return this.#byte(value ? TAG.true : TAG.false), true;
      case 'number': return this.#number(value), true;
      case 'bigint': return this.#byte(TAG.bigint), this.#bigint(value), true;
      case 'string': return this.#string(value), true;
      case 'object':
        if (value === null) this.#byte(TAG.null);
        else this.#object(value);
        return true;
      default: return this.#refuse(value);
    }
  }

  #number(value) {
    if (value === (value | 0) && !Object.is(value, -0)) {
      this.#byte(TAG.int);
      this.#varint(((value << 1) ^ (value >> 31)) >>> 0);
    } else {
      this.#byte(TAG.double);
      this.writeDouble(value);
    }
  }

  #bigint(value) {
    let rest = value < 0n ? -value : value;
    const bytes = [];
    while (rest > 0n) {
      for (let i = 0; i < 8; i++) {
        bytes.push(Number(rest & 0xffn));
        rest >>= 8n;
      }
    }
    this.#varint(bytes.length * 2 + (value < 0n ? 1 : 0));
    this.writeRawBytes(Buffer.from(bytes));
  }

  #string(text) {
    if (/^[\0-\xff]*$/.test(text)) {
      this.#byte(TAG.latin1);
      this.#varint(text.length);
      this.writeRawBytes(Buffer.from(text, 'latin1'));
      return;
    }
    const size = text.length * 2;
    const lengthBytes = size < 0x80 ? 1 : Math.ceil((32 - Math.clz32(size)) / 7);
    // Two-byte characters stand at even places.
    if ((this.#length + 1 + lengthBytes) % 2 === 1) this.#byte(TAG.padding);
    this.#byte(TAG.utf16);
    this.#varint(size);
    this.writeRawBytes(Buffer.from(text, 'utf16le'));
  }

  #object(object) {
    const id = this.#ids.get(object);
    if (id !== undefined) {
      this.#byte(TAG.reference);
      this.#varint(id);
      return;
    }
    const isView = ArrayBuffer.isView(object);
    if (isView && !this.#viewsAreHosts) {
      // The buffer comes first, unless it is known.
      if (!this.#ids.has(object.buffer)) this.#object(object.buffer);
    }
    this.#ids.set(object, this.#ids.size);
    if (isView) return this.#viewsAreHosts ? this.#host(object) : this.#view(object);
    const kind = classOf(object);
    switch (kind) {
      case 'Object': return this.#plain(object);
      case 'Array': return this.#array(object);
      case 'Date': return this.#byte(TAG.date), this.writeDouble(object.getTime());
      case 'Boolean': return this.#byte(valueOf.Boolean(object) ? TAG.trueObject : TAG.falseObject);
      case 'Number': return this.#byte(TAG.numberObject), this.writeDouble(valueOf.Number(object));
      case 'BigInt': return this.#byte(TAG.bigintObject), this.#bigint(valueOf.BigInt(object));
      case 'String': return this.#byte(TAG.stringObject), this.#string(valueOf.String(object));
      case 'RegExp': return this.#regexp(object);
      case 'Map': return this.#table(TAG.map, TAG.endMap, [...Map.prototype.entries.call(object)].flat(1));
      case 'Set': return this.#table(TAG.set, TAG.endSet, [...Set.prototype.values.call(object)]);
      case 'ArrayBuffer': return this.#buffer(object);
      case 'SharedArrayBuffer': return this.#varint(this._getSharedArrayBufferId(object));
      case 'Error': return this.#error(object);
      case 'Arguments': return this.#plain(object);
      default: return this.#refuse(object);
    }
  }

  #host(object) {
    this.#byte(TAG.host);
    this._writeHostObject(object);
  }

  #properties(object, keys) {
    let count = 0;
    for (const key of keys) {
      // A getter that ran before may have deleted it.
      if (!Object.prototype.propertyIsEnumerable.call(object, key)) continue;
      if (isIndex(key)) this.#number(Number(key));
      else this.#string(key);
      this.writeValue(object[key]);
      count++;
    }
    return count;
  }

  #plain(object) {
    this.#byte(TAG.object);
    const count = this.#properties(object, Object.keys(object));
    this.#byte(TAG.endObject);
    this.#varint(count);
  }

  #array(array) {
    const { length } = array;
    const keys = Object.keys(array);
    const others = keys.filter((key) => !isIndex(key));
    const dense = keys.length - others.length === length;
    this.#byte(dense ? TAG.dense : TAG.sparse);
    this.#varint(length);
    if (dense) for (let i = 0; i < length; i++) i in array ? this.writeValue(array[i]) : this.#byte(TAG.hole);
    const count = this.#properties(array, dense ? others : keys);
    this.#byte(dense ? TAG.endDense : TAG.endSparse);
    this.#varint(count);
    this.#varint(length);
  }

  #regexp(regexp) {
    this.#byte(TAG.regexp);
    this.#string(regexp.source);
    let flags = 0;
    REGEXP_FLAGS.forEach((flag, i) => { if (flag !== undefined && regexp.flags.includes(flag)) flags |= 1 << i; });
    this.#varint(flags);
  }

  #table(begin, end, items) {
    this.#byte(begin);
    for (const item of items) this.writeValue(item);
    this.#byte(end);
    this.#varint(items.length);
  }

  #buffer(buffer) {
    const transferred = this.#transferred.get(buffer);
    if (transferred !== undefined) {
      this.#byte(TAG.transferred);
      this.#varint(transferred);
      return;
    }
    this.#byte(buffer.resizable ? TAG.resizable : TAG.buffer);
    this.#varint(buffer.byteLength);
    if (buffer.resizable) this.#varint(buffer.maxByteLength);
    this.writeRawBytes(buffer);
  }

  #view(view) {
    const letters = 'bBCwWdDfF?.qQ';
    const index = VIEWS.findIndex((Class) => Class !== Buffer && view instanceof Class);
    this.#byte(TAG.view);
    this.#byte(letters.charCodeAt(view instanceof DataView ? letters.indexOf('?') : index === 11 ? 11 : index === 12 ? 12 : index));
    this.#varint(view.byteOffset);
    this.#varint(view.byteLength);
    this.#varint(0);
  }

  #error(error) {
    this.#byte(TAG.error);
    const letter = ERRORS[error.name];
    if (letter !== undefined) this.#byte(letter.charCodeAt(0));
    const { message, stack } = error;
    if (Object.hasOwn(error, 'message')) {
      this.#byte(0x6d);
      this.#string(String(message));
    }
    if (Object.hasOwn(error, 'cause')) {
      this.#byte(0x63);
      this.writeValue(error.cause);
    }
    if (typeof stack === 'string') {
      this.#byte(0x73);
      this.#string(stack);
    }
    this.#byte(0x2e);
  }
}

class Deserializer {
  #bytes;
  #at = 0;
  #objects = [];
  #transferred = new Map();
  #version = 0;

  constructor(buffer) {
    if (!ArrayBuffer.isView(buffer)) throw new codes.ERR_INVALID_ARG_TYPE('buffer', ['Buffer', 'TypedArray', 'DataView'], buffer);
    this.#bytes = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.buffer = buffer;
  }

  #fail() {
    throw new Error('Unable to deserialize cloned data.');
  }

  #byte() {
    if (this.#at >= this.#bytes.length) this.#fail();
    return this.#bytes[this.#at++];
  }

  #varint() {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  #take(n) {
    if (n > this.#bytes.length - this.#at) this.#fail();
    this.#at += n;
    return this.#bytes.subarray(this.#at - n, this.#at);
  }

  readHeader() {
    const marked = this.#bytes[this.#at] === 0xff;
    if (marked) {
      this.#at++;
      this.#version = this.#varint();
    }
    if (!marked || this.#version > VERSION) throw new Error('Unable to deserialize cloned data due to invalid or unsupported version.');
    return true;
  }

  readUint32() {
    return this.#varint() >>> 0;
  }

  readUint64() {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return [Number(value >> 32n) >>> 0, Number(value & 0xffffffffn)];
  }

  readDouble() {
    return this.#take(8).readDoubleLE(0);
  }

  readRawBytes(length) {
    return Buffer.from(this.#take(length));
  }

  _readRawBytes(length) {
    this.#take(length);
    return this.#at - length;
  }

  getWireFormatVersion() {
    return this.#version;
  }

  transferArrayBuffer(id, arrayBuffer) {
    this.#transferred.set(id, arrayBuffer);
  }

  _readHostObject() {
    throw new codes.ERR_METHOD_NOT_IMPLEMENTED('_readHostObject()');
  }

  #keep(object) {
    this.#objects.push(object);
    return object;
  }

  readValue() {
    let tag;
    do tag = this.#byte(); while (tag === TAG.padding);
    switch (tag) {
      case TAG.undefined: return undefined;
      case TAG.null: return null;
      case TAG.true: return true;
      case TAG.false: return false;
      case TAG.int: {
        const n = this.#varint();
        return (n >>> 1) ^ -(n & 1);
      }
      case TAG.uint: return this.#varint();
      case TAG.double: return this.readDouble();
      case TAG.bigint: return this.#bigint();
      case TAG.latin1: return this.#take(this.#varint()).toString('latin1');
      case TAG.utf16: return this.#take(this.#varint()).toString('utf16le');
      case TAG.utf8: return this.#take(this.#varint()).toString('utf8');
      case TAG.reference: {
        const id = this.#varint();
        if (id >= this.#objects.length) this.#fail();
        return this.#viewAfter(this.#objects[id]);
      }
      case TAG.object: return this.#plain();
      case TAG.dense: return this.#dense();
      case TAG.sparse: return this.#sparse();
      case TAG.date: return this.#keep(new Date(this.readDouble()));
      case TAG.trueObject: return this.#keep(Object(true));
      case TAG.falseObject: return this.#keep(Object(false));
      case TAG.numberObject: return this.#keep(Object(this.readDouble()));
      case TAG.bigintObject: return this.#keep(Object(this.#bigint()));
      case TAG.stringObject: return this.#text();
      case TAG.regexp: return this.#regexp();
      case TAG.map: return this.#map();
      case TAG.set: return this.#set();
      case TAG.buffer: return this.#viewAfter(this.#buffer(false));
      case TAG.resizable: return this.#viewAfter(this.#buffer(true));
      case TAG.transferred: return this.#viewAfter(this.#keep(this.#transferred.get(this.#varint()) ?? this.#fail()));
      case TAG.error: return this.#error();
      case TAG.host: {
        // Its number is taken before what is in it has one.
        const at = this.#objects.push(undefined) - 1;
        this.#objects[at] = this._readHostObject();
        return this.#objects[at];
      }
      default: return this.#fail();
    }
  }

  #bigint() {
    const field = this.#varint();
    const bytes = this.#take(Math.floor(field / 2));
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    return field % 2 === 1 ? -value : value;
  }

  #text() {
    const at = this.#objects.push(undefined) - 1;
    this.#objects[at] = Object(this.readValue());
    return this.#objects[at];
  }

  #regexp() {
    const at = this.#objects.push(undefined) - 1;
    const source = this.readValue();
    const bits = this.#varint();
    this.#objects[at] = new RegExp(source, REGEXP_FLAGS.filter((flag, i) => flag !== undefined && bits & (1 << i)).join(''));
    return this.#objects[at];
  }

  #fill(object, end) {
    let count = 0;
    while (this.#bytes[this.#at] !== end) {
      if (this.#bytes[this.#at] === TAG.padding) {
        this.#at++;
        continue;
      }
      const key = this.readValue();
      if (typeof key !== 'string' && typeof key !== 'number') this.#fail();
      Object.defineProperty(object, key, { __proto__: null, value: this.readValue(), writable: true, enumerable: true, configurable: true });
      count++;
    }
    this.#at++;
    if (this.#varint() !== count) this.#fail();
  }

  #plain() {
    const object = this.#keep({});
    this.#fill(object, TAG.endObject);
    return object;
  }

  #dense() {
    const length = this.#varint();
    // Each element takes a byte at least.
    if (length > this.#bytes.length - this.#at) this.#fail();
    const array = this.#keep(new Array(length));
    for (let i = 0; i < length; i++) {
      if (this.#bytes[this.#at] === TAG.hole) this.#at++;
      else array[i] = this.readValue();
    }
    this.#fill(array, TAG.endDense);
    if (this.#varint() !== length) this.#fail();
    return array;
  }

  #sparse() {
    const length = this.#varint();
    const array = this.#keep([]);
    array.length = length;
    this.#fill(array, TAG.endSparse);
    if (this.#varint() !== length) this.#fail();
    return array;
  }

  #map() {
    const map = this.#keep(new Map());
    let count = 0;
    for (; this.#bytes[this.#at] !== TAG.endMap; count += 2) map.set(this.readValue(), this.readValue());
    this.#at++;
    if (this.#varint() !== count) this.#fail();
    return map;
  }

  #set() {
    const set = this.#keep(new Set());
    let count = 0;
    for (; this.#bytes[this.#at] !== TAG.endSet; count++) set.add(this.readValue());
    this.#at++;
    if (this.#varint() !== count) this.#fail();
    return set;
  }

  #buffer(resizable) {
    const length = this.#varint();
    const maxByteLength = resizable ? this.#varint() : undefined;
    const bytes = this.#take(length);
    const buffer = resizable ? new ArrayBuffer(length, { maxByteLength }) : new ArrayBuffer(length);
    new Uint8Array(buffer).set(bytes);
    return this.#keep(buffer);
  }

  // A view is written behind its buffer.
  #viewAfter(buffer) {
    if (this.#bytes[this.#at] !== TAG.view || !(buffer instanceof ArrayBuffer)) return buffer;
    this.#at++;
    const letters = 'bBCwWdDfF?.qQ';
    const Class = VIEWS[letters.indexOf(String.fromCharCode(this.#byte()))];
    const offset = this.#varint();
    const length = this.#varint();
    if (this.#version >= 14) this.#varint();
    if (Class === undefined) this.#fail();
    return this.#keep(new Class(buffer, offset, length / (Class.BYTES_PER_ELEMENT ?? 1)));
  }

  #error() {
    const at = this.#objects.push(undefined) - 1;
    let Class = Error;
    let message;
    let stack;
    const options = {};
    for (;;) {
      const letter = String.fromCharCode(this.#byte());
      if (letter === '.') break;
      if (letter === 'm') message = this.readValue();
      else if (letter === 'c') options.cause = this.readValue();
      else if (letter === 's') stack = this.readValue();
      else if (ERROR_CLASSES[letter]) Class = ERROR_CLASSES[letter];
      else this.#fail();
    }
    const error = new Class(message, options);
    Object.defineProperty(error, 'stack', { __proto__: null, value: stack, writable: true, enumerable: false, configurable: true });
    this.#objects[at] = error;
    return error;
  }
}

Serializer.prototype._getDataCloneError = Error;

/** Serializer and Deserializer as v8.serialize uses them: views of buffers travel with their own bytes only. */
class DefaultSerializer extends Serializer {
  constructor() {
    super();
    this._setTreatArrayBufferViewsAsHostObjects(true);
  }

  _writeHostObject(view) {
    // Buffers are Uint8Arrays, too.
    const index = Buffer.isBuffer(view) ? 10 : VIEWS.findIndex((Class) => Class !== Buffer && view instanceof Class);
    if (index === -1) throw new (this._getDataCloneError)(`Unserializable host object: ${require('./inspect').inspect(view)}`);
    this.writeUint32(index);
    this.writeUint32(view.byteLength);
    this.writeRawBytes(view);
  }
}

class DefaultDeserializer extends Deserializer {
  _readHostObject() {
    const index = this.readUint32();
    const Class = VIEWS[index];
    const length = this.readUint32();
    const size = Class.BYTES_PER_ELEMENT ?? 1;
    const offset = this.buffer.byteOffset + this._readRawBytes(length);
    const { buffer } = this.buffer;
    if (Class === Buffer) return Buffer.from(buffer, offset, length);
    // Elements want to be aligned: a copy is, if they aren't where they are.
    if (offset % size === 0) return new Class(buffer, offset, length / size);
    return new Class(buffer.slice(offset, offset + length), 0, length / size);
  }
}

function serialize(value) {
  const serializer = new DefaultSerializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

function deserialize(buffer) {
  if (!ArrayBuffer.isView(buffer)) {
    if (classOf(buffer) !== 'ArrayBuffer') throw Object.assign(new TypeError('buffer must be a TypedArray or a DataView'), { code: 'ERR_INVALID_ARG_TYPE' });
    buffer = Buffer.from(buffer);
  }
  const deserializer = new DefaultDeserializer(buffer);
  deserializer.readHeader();
  return deserializer.readValue();
}

module.exports = { Serializer, Deserializer, DefaultSerializer, DefaultDeserializer, serialize, deserialize };
