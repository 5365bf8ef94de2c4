// Blob and File: bytes that never change.

const { codes } = require('./errors');
const { validateDictionary } = require('./validators');
const inspect = (value, options) => require('./inspect').inspect(value, options);
const { kMode, kClone, kReceive } = require('./messaging_native');
const { DOMException } = require('./dom_exception');

const { defineProperty, defineProperties } = Object;
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');
const CLONEABLE = 2;
const MAX = 2 ** 53 - 1;
// What a copied Blob is made with.
const empty = Symbol('empty Blob');

let encoder;

// One source as its own copy of the bytes.
function bytesOf(source, endings) {
  if (isBlob(source)) return partsOf(source);
  if (source instanceof ArrayBuffer || source instanceof SharedArrayBuffer) return [new Uint8Array(source).slice()];
  if (ArrayBuffer.isView(source)) return [new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()];
  let text = `${source}`;
  if (endings === 'native') text = text.replace(/\r\n|\r|\n/g, process.platform === 'win32' ? '\r\n' : '\n');
  encoder ??= new TextEncoder();
  return [encoder.encode(text)];
}

const cleanType = (type) => (/[^\u0020-\u007e]/.test(type) ? '' : type.toLowerCase());

function joined(parts, size) {
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

let partsOf;
let isBlob;

class Blob {
  #parts = [];
  #size = 0;
  #type = '';

  static {
    isBlob = (value) => value !== null && typeof value === 'object' && #parts in value;
    partsOf = (blob) => blob.#parts;
  }

  constructor(sources = [], options = undefined) {
    if (sources === empty) return;
    if (sources === null || typeof sources !== 'object' || typeof sources[Symbol.iterator] !== 'function') {
      throw new codes.ERR_INVALID_ARG_TYPE('sources', 'a sequence', sources);
    }
    validateDictionary(options, 'options');
    let { type = '', endings = 'transparent' } = options ?? {};
    endings = `${endings}`;
    if (endings !== 'transparent' && endings !== 'native') throw new codes.ERR_INVALID_ARG_VALUE('options.endings', endings);
    for (const source of sources) {
      for (const part of bytesOf(source, endings)) {
        this.#parts.push(part);
        this.#size += part.length;
      }
    }
    if (this.#size > MAX) throw new codes.ERR_BUFFER_TOO_LARGE(MAX);
    this.#type = cleanType(`${type}`);
  }

  [inspectCustom](depth, options) {
    if (depth < 0) return this;
    const inner = { ...options, depth: options.depth == null ? null : options.depth - 1 };
    return `Blob ${inspect({ size: this.size, type: this.type }, inner)}`;
  }

  get type() {
    if (!isBlob(this)) throw new codes.ERR_INVALID_THIS('Blob');
    return this.#type;
  }

  get size() {
    if (!isBlob(this)) throw new codes.ERR_INVALID_THIS('Blob');
    return this.#size;
  }

  slice(start = 0, end = this.#size, type = '') {
    if (!isBlob(this)) throw new codes.ERR_INVALID_THIS('Blob');
    const place = (n) => (n < 0 ? Math.max(this.#size + n, 0) : Math.min(n, this.#size));
    start = place(Math.trunc(Number(start)) || 0);
    end = Math.max(place(Math.trunc(Number(end)) || 0), start);
    const blob = new Blob(empty);
    blob.#type = cleanType(`${type}`);
    blob.#size = end - start;
    let at = 0;
    for (const part of this.#parts) {
      const from = Math.max(start - at, 0);
      const to = Math.min(end - at, part.length);
      if (from < to) blob.#parts.push(part.subarray(from, to));
      at += part.length;
    }
    return blob;
  }

  async arrayBuffer() {
    if (!isBlob(this)) throw new codes.ERR_INVALID_THIS('Blob');
    await undefined;
    return joined(this.#parts, this.#size).buffer;
  }

  async bytes() {
    if (!isBlob(this)) throw new codes.ERR_INVALID_THIS('Blob');
    await undefined;
    return joined(this.#parts, this.#size);
  }

  async text() {
    if (!isBlob(this)) throw new codes.ERR_INVALID_THIS('Blob');
    await undefined;
    return new TextDecoder().decode(joined(this.#parts, this.#size));
  }

  stream() {
    if (!isBlob(this)) throw new codes.ERR_INVALID_THIS('Blob');
    const { ReadableStream } = require('stream/web');
    const parts = this.#parts.values();
    return new ReadableStream({
      type: 'bytes',
      pull(controller) {
        for (;;) {
          const { value, done } = parts.next();
          if (done) {
            controller.close();
            controller.byobRequest?.respond(0);
            return;
          }
          if (value.length > 0) {
            controller.enqueue(value.slice());
            return;
          }
        }
      },
    }, { highWaterMark: 0 });
  }

  [kClone]() {
    return { data: { parts: this.#parts, type: this.#type }, deserializeInfo: '/blob:ClonedBlob' };
  }

  [kReceive]({ parts, type }) {
    this.#parts = parts;
    this.#size = parts.reduce((sum, part) => sum + part.length, 0);
    this.#type = type;
  }
}

const enumerable = { __proto__: null, enumerable: true };
const hidden = { __proto__: null, enumerable: false };
defineProperties(Blob.prototype, {
  size: enumerable, type: enumerable, slice: enumerable, stream: enumerable, text: enumerable, arrayBuffer: enumerable, bytes: enumerable,
  [kClone]: hidden, [kReceive]: hidden,
  [kMode]: { __proto__: null, value: CLONEABLE, configurable: true, writable: true },
  [Symbol.toStringTag]: { __proto__: null, value: 'Blob', configurable: true },
});

class File extends Blob {
  #name;
  #lastModified;

  constructor(fileBits, fileName, options = undefined) {
    if (fileBits === empty) {
      super(empty);
      return;
    }
    if (arguments.length < 2) throw new codes.ERR_MISSING_ARGS('fileBits', 'fileName');
    super(fileBits, options);
    const { lastModified } = options ?? {};
    this.#name = `${fileName}`.toWellFormed();
    this.#lastModified = lastModified === undefined ? Date.now() : Math.trunc(Number(lastModified)) || 0;
  }

  get name() {
    if (!isBlob(this) || !(#name in this)) throw new codes.ERR_INVALID_THIS('File');
    return this.#name;
  }

  get lastModified() {
    if (!isBlob(this) || !(#name in this)) throw new codes.ERR_INVALID_THIS('File');
    return this.#lastModified;
  }

  [inspectCustom](depth, options) {
    if (depth < 0) return this;
    const inner = { ...options, depth: options.depth == null ? null : options.depth - 1 };
    return `File ${inspect({ size: this.size, type: this.type, name: this.#name, lastModified: this.#lastModified }, inner)}`;
  }

  [kClone]() {
    return { ...super[kClone](), data: { ...super[kClone]().data, name: this.#name, lastModified: this.#lastModified }, deserializeInfo: '/blob:ClonedFile' };
  }

  [kReceive](data) {
    super[kReceive](data);
    this.#name = data.name;
    this.#lastModified = data.lastModified;
  }
}

defineProperties(File.prototype, {
  name: enumerable, lastModified: enumerable, [kClone]: hidden, [kReceive]: hidden,
  [Symbol.toStringTag]: { __proto__: null, value: 'File', configurable: true },
});

function ClonedBlob() {
  return new Blob(empty);
}

function ClonedFile() {
  return new File(empty);
}

// ---- object URLs ------------------------------------------------------------------

const registered = new Map();

// Version 4. These names are no secrets: Math.random will do.
function uuid() {
  const hex = () => Math.floor(Math.random() * 16).toString(16);
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (c) => (c === 'x' ? hex() : '89ab'[Math.floor(Math.random() * 4)]));
}

function createObjectURL(object) {
  if (!isBlob(object)) throw new codes.ERR_INVALID_ARG_TYPE('obj', 'Blob', object);
  const id = uuid();
  registered.set(id, object);
  return `blob:nodedata:${id}`;
}

const idOf = (url) => {
  const { protocol, pathname } = new URL(url);
  const [kind, id] = pathname.split(':');
  return protocol === 'blob:' && kind === 'nodedata' ? id : undefined;
};

function revokeObjectURL(url) {
  url = `${url}`;
  try {
    registered.delete(idOf(url));
  } catch {
    // What is no URL names no object.
  }
}

/** buffer.resolveObjectURL: the Blob behind a URL, or undefined. */
function resolveObjectURL(url) {
  url = `${url}`;
  try {
    return registered.get(idOf(url))?.slice();
  } catch {
    return undefined;
  }
}

/** Internal: the bytes, without the promise. */
const bytesNow = (blob) => joined(partsOf(blob), blob.size);

module.exports = { Blob, File, isBlob, ClonedBlob, ClonedFile, createObjectURL, revokeObjectURL, resolveObjectURL, bytesNow };
