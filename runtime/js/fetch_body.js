// What requests and responses of fetch share: bodies and the ways of reading them; FormData.

class FormData {
  #entries = [];

  constructor(form = undefined) {
    if (form !== undefined) throw new TypeError("FormData constructor: Argument 1 could not be converted to: undefined.");
  }

  #value(value, filename) {
    if (typeof Blob === 'function' && value instanceof Blob) {
      if (typeof File === 'function' && (!(value instanceof File) || filename !== undefined)) {
        return new File([value], filename === undefined ? 'blob' : String(filename), { type: value.type, lastModified: value.lastModified });
      }
      return value;
    }
    return String(value).toWellFormed();
  }

  append(name, value, filename) { this.#entries.push([String(name).toWellFormed(), this.#value(value, filename)]); }
  delete(name) { this.#entries = this.#entries.filter(([n]) => n !== String(name)); }
  get(name) { return this.#entries.find(([n]) => n === String(name))?.[1] ?? null; }
  getAll(name) { return this.#entries.filter(([n]) => n === String(name)).map(([, v]) => v); }
  has(name) { return this.#entries.some(([n]) => n === String(name)); }

  set(name, value, filename) {
    const entry = [String(name).toWellFormed(), this.#value(value, filename)];
    const at = this.#entries.findIndex(([n]) => n === entry[0]);
    if (at === -1) {
      this.#entries.push(entry);
      return;
    }
    this.#entries = this.#entries.filter(([n], i) => n !== entry[0] || i === at);
    this.#entries[this.#entries.findIndex(([n]) => n === entry[0])] = entry;
  }

  * entries() { for (const [name, value] of this.#entries) yield [name, value]; }
  * keys() { for (const [name] of this.#entries) yield name; }
  * values() { for (const [, value] of this.#entries) yield value; }
  forEach(callback, thisArg) { for (const [name, value] of this) callback.call(thisArg, value, name, this); }
  [Symbol.iterator]() { return this.entries(); }
}
Object.defineProperty(FormData.prototype, Symbol.toStringTag, { __proto__: null, value: 'FormData', configurable: true });

const quoted = (text) => text.replace(/\r\n|\r|\n/g, '%0D%0A').replace(/"/g, '%22');

async function encodeForm(form, boundary) {
  const parts = [];
  for (const [name, value] of form) {
    let head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"`;
    if (typeof value === 'string') {
      parts.push(Buffer.from(`${head}\r\n\r\n${value.replace(/\r\n|\r|\n/g, '\r\n')}\r\n`));
    } else {
      head += `; filename="${quoted(value.name ?? 'blob')}"\r\nContent-Type: ${value.type || 'application/octet-stream'}`;
      parts.push(Buffer.from(`${head}\r\n\r\n`), Buffer.from(await value.arrayBuffer()), Buffer.from('\r\n'));
    }
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return Buffer.concat(parts);
}

function decodeForm(bytes, boundary) {
  const form = new FormData();
  const text = bytes.toString('latin1');
  for (const part of text.split(`--${boundary}`).slice(1, -1)) {
    const end = part.indexOf('\r\n\r\n');
    if (end === -1) throw new TypeError('Failed to parse body as FormData.');
    const head = Buffer.from(part.slice(2, end), 'latin1').toString();
    const name = /name="([^"]*)"/i.exec(head)?.[1];
    if (name === undefined) throw new TypeError('Failed to parse body as FormData.');
    const plain = (t) => t.replace(/%0D%0A/gi, '\r\n').replace(/%22/g, '"');
    const filename = /filename="([^"]*)"/i.exec(head)?.[1];
    const data = Buffer.from(part.slice(end + 4, -2), 'latin1');
    if (filename === undefined) {
      form.append(plain(name), data.toString());
    } else {
      const type = /content-type:\s*([^\r\n]*)/i.exec(head)?.[1] ?? 'text/plain';
      if (typeof File !== 'function') throw new TypeError('File is not in looplab yet: a form with files cannot be read');
      form.append(plain(name), new File([data], plain(filename), { type }));
    }
  }
  return form;
}

/** What `init` becomes: { bytes | stream | form, type, length }. */
function extractBody(body) {
  if (body === null || body === undefined) return null;
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/plain;charset=UTF-8' };
  if (typeof URLSearchParams === 'function' && body instanceof URLSearchParams) {
    return { bytes: Buffer.from(body.toString()), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  }
  if (body instanceof ArrayBuffer) return { bytes: Buffer.from(body.slice(0)) };
  if (ArrayBuffer.isView(body)) return { bytes: Buffer.from(Buffer.from(body.buffer, body.byteOffset, body.byteLength)) };
  if (typeof Blob === 'function' && body instanceof Blob) return { blob: body, type: body.type || undefined };
  if (body instanceof FormData) {
    const boundary = `----formdata-looplab-0${String(Math.random()).slice(2, 13).padStart(11, '0')}`;
    return { form: body, boundary, type: `multipart/form-data; boundary=${boundary}` };
  }
  if (typeof ReadableStream === 'function' && body instanceof ReadableStream) {
    if (body.locked) throw new TypeError('Response body object should not be disturbed or locked');
    return { web: body };
  }
  if (typeof body[Symbol.asyncIterator] === 'function') return { stream: body };
  return { bytes: Buffer.from(String(body)), type: 'text/plain;charset=UTF-8' };
}

async function gather(source) {
  const chunks = [];
  for await (const chunk of source) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  return Buffer.concat(chunks);
}

/** All bytes of an extracted body. */
async function bytesOf(body) {
  if (body === null) return Buffer.alloc(0);
  if (body.bytes) return body.bytes;
  if (body.blob) return Buffer.from(await body.blob.arrayBuffer());
  if (body.form) return encodeForm(body.form, body.boundary);
  return gather(body.web ?? body.stream);
}

/** Readers for a class whose instances keep { body, used, view } behind `stateOf`. */
function installReaders(Class, stateOf, contentType) {
  const name = Class.name;
  async function consume(self) {
    const state = stateOf(self);
    if (state.used || state.view?.locked) throw new TypeError('Body is unusable: Body has already been read');
    if (state.body !== null) state.used = true;
    return bytesOf(state.body);
  }
  const methods = {
    async arrayBuffer() {
      const bytes = await consume(this);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    },
    async bytes() { return new Uint8Array(await methods.arrayBuffer.call(this)); },
    async text() { return new TextDecoder().decode(await consume(this)); },
    async json() { return JSON.parse(new TextDecoder().decode(await consume(this))); },
    async blob() {
      if (typeof Blob !== 'function') throw new TypeError('Blob is not in looplab yet');
      return new Blob([await consume(this)], { type: contentType(this) ?? '' });
    },
    async formData() {
      const type = contentType(this) ?? '';
      const bytes = await consume(this);
      if (/^multipart\/form-data/i.test(type)) {
        const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
        if (boundary === undefined) throw new TypeError('Failed to parse body as FormData.');
        return decodeForm(bytes, boundary);
      }
      if (/^application\/x-www-form-urlencoded/i.test(type)) {
        const form = new FormData();
        for (const [key, value] of Object.entries(require('querystring').parse(bytes.toString()))) {
          for (const one of Array.isArray(value) ? value : [value]) form.append(key, one);
        }
        return form;
      }
      throw new TypeError(`${name}.formData: Content-Type was not one of "multipart/form-data" or "application/x-www-form-urlencoded".`);
    },
  };
  for (const key of Object.keys(methods)) {
    Object.defineProperty(Class.prototype, key, { __proto__: null, value: methods[key], configurable: true, enumerable: true, writable: true });
  }
  Object.defineProperty(Class.prototype, 'bodyUsed', {
    __proto__: null, configurable: true, enumerable: true, get() { return stateOf(this).used; },
  });
  Object.defineProperty(Class.prototype, 'body', {
    __proto__: null,
    configurable: true,
    enumerable: true,
    get() {
      const state = stateOf(this);
      if (state.body === null) return null;
      if (state.view === undefined) {
        if (state.body.web) {
          state.view = state.body.web;
        } else {
          if (typeof ReadableStream !== 'function') throw new TypeError('ReadableStream is not in looplab yet: read the body with text(), json() or bytes()');
          state.view = webStream(state);
          state.body = { web: state.view };
        }
      }
      return state.view;
    },
  });
}

// A body as a web stream, pulled as it is read.
function webStream(state) {
  const { body } = state;
  let iterator;
  return new ReadableStream({
    async pull(controller) {
      state.used = true;
      if (iterator === undefined) {
        iterator = body.stream ? body.stream[Symbol.asyncIterator]() : [await bytesOf(body)].values();
      }
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    async cancel() {
      await iterator?.return?.();
    },
  }, { highWaterMark: 0 });
}

module.exports = { FormData, extractBody, bytesOf, installReaders };
