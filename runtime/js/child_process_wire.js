// How messages between a parent and the child it forked are written: as lines of JSON, or (serialization: 'advanced') as V8's clones with their
// length in front.

const { StringDecoder } = require('string_decoder');

/** Lines of JSON. */
class Json {
  #decoder = new StringDecoder('utf8');
  #rest = '';

  write(message) {
    return Buffer.from(`${JSON.stringify(message)}\n`);
  }

  /** The messages that are complete with these bytes. */
  read(bytes) {
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n');
    this.#rest = lines.pop();
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }
}

const VIEW = 0;
const OTHER = 1;

function advancedClasses() {
  const { DefaultSerializer, DefaultDeserializer } = require('./v8_serdes');
  return {
    Writer: class ChildProcessSerializer extends DefaultSerializer {
      _writeHostObject(object) {
        if (ArrayBuffer.isView(object)) {
          this.writeUint32(VIEW);
          super._writeHostObject(object);
        } else {
          this.writeUint32(OTHER);
          this.writeValue({ ...object });
        }
      }
    },
    Reader: class ChildProcessDeserializer extends DefaultDeserializer {
      _readHostObject() {
        return this.readUint32() === VIEW ? super._readHostObject() : this.readValue();
      }
    },
  };
}

/** Clones. */
class Advanced {
  #classes = advancedClasses();
  #parts = [];
  #length = 0;

  write(message) {
    const writer = new this.#classes.Writer();
    writer.writeHeader();
    writer.writeValue(message);
    const body = writer.releaseBuffer();
    const head = Buffer.alloc(4);
    head.writeUInt32BE(body.length, 0);
    return Buffer.concat([head, body]);
  }

  read(bytes) {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    const messages = [];
    while (this.#length >= 4) {
      if (this.#parts[0].length < 4) this.#parts = [Buffer.concat(this.#parts)];
      const size = this.#parts[0].readUInt32BE(0) + 4;
      if (this.#length < size) break;
      const all = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
      const reader = new this.#classes.Reader(all.subarray(4, size));
      reader.readHeader();
      messages.push(reader.readValue());
      this.#parts = size === all.length ? [] : [all.subarray(size)];
      this.#length -= size;
    }
    return messages;
  }
}

module.exports = { createWire: (mode) => (mode === 'advanced' ? new Advanced() : new Json()) };
