// node:string_decoder: bytes to text across chunk borders; incomplete characters wait for the next chunk.

const { codes } = require('./errors');

const NAMES = {
  __proto__: null,
  utf8: 'utf8', 'utf-8': 'utf8', ucs2: 'utf16le', 'ucs-2': 'utf16le', utf16le: 'utf16le', 'utf-16le': 'utf16le', latin1: 'latin1', binary: 'latin1',
  base64: 'base64', base64url: 'base64url', hex: 'hex', ascii: 'ascii',
};

function normalEncoding(encoding) {
  if (encoding === undefined || encoding === null || encoding === '') return 'utf8';
  const name = typeof encoding === 'string' ? NAMES[encoding.toLowerCase()] : undefined;
  if (name === undefined) throw new codes.ERR_UNKNOWN_ENCODING(encoding);
  return name;
}

/** How many bytes at the end of `bytes` start a UTF-8 character that isn't complete, and how many it needs in all. */
function incompleteUtf8(bytes) {
  const { length } = bytes;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const need = byte >= 0xf0 && byte <= 0xf7 ? 4 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xc0 && byte < 0xe0 ? 2 : 1;
    if (need <= back) return [0, 0];
    return [back, need];
  }
  return [0, 0];
}

function incompleteUtf16(bytes) {
  const { length } = bytes;
  if (length % 2 === 1) return [1, 2];
  // A lead surrogate waits for its second half.
  const high = bytes[length - 1];
  return length >= 2 && high >= 0xd8 && high <= 0xdb ? [2, 4] : [0, 0];
}

class StringDecoder {
  #pending = Buffer.alloc(0);
  #need = 0;

  constructor(encoding) {
    this.encoding = normalEncoding(encoding);
  }

  get lastChar() {
    return this.#pending;
  }

  get lastNeed() {
    return this.#need === 0 ? 0 : this.#need - this.#pending.length;
  }

  get lastTotal() {
    return this.#need;
  }

  /** The text of all complete characters so far. */
  write(chunk) {
    if (typeof chunk === 'string') return chunk;
    if (!ArrayBuffer.isView(chunk)) throw new codes.ERR_INVALID_ARG_TYPE('buf', ['Buffer', 'TypedArray', 'DataView'], chunk);
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#pending.length > 0) bytes = Buffer.concat([this.#pending, bytes]);
    const [kept, need] = this.#incomplete(bytes);
    this.#need = need;
    this.#pending = kept === 0 ? Buffer.alloc(0) : Buffer.from(bytes.subarray(bytes.length - kept));
    return bytes.toString(this.encoding, 0, bytes.length - kept);
  }

  #incomplete(bytes) {
    switch (this.encoding) {
      case 'utf8': return incompleteUtf8(bytes);
      case 'utf16le': return incompleteUtf16(bytes);
      case 'base64':
      case 'base64url': return bytes.length % 3 === 0 ? [0, 0] : [bytes.length % 3, 3];
      default: return [0, 0];
    }
  }

  /** What is left, incomplete characters as U+FFFD. */
  end(chunk) {
    let text = chunk === undefined ? '' : this.write(chunk);
    if (this.#pending.length > 0) text += this.#pending.toString(this.encoding);
    this.#pending = Buffer.alloc(0);
    this.#need = 0;
    return text;
  }

  text(chunk, offset) {
    this.#pending = Buffer.alloc(0);
    this.#need = 0;
    return this.write(chunk.slice(offset));
  }
}

module.exports = { StringDecoder };
