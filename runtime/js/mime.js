// util.MIMEType and util.MIMEParams, after the WHATWG MIME Sniffing standard.

const { codes } = require('./errors');

const notToken = /[^!#$%&'*+\-.^_`|~A-Za-z0-9]/;
const notQuoted = /[^\t\u0020-~\u0080-\u00FF]/;
const startsWithSpace = /^[\r\n\t ]*/;
const endsWithSpace = /[\r\n\t ]*$/;

const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const fail = (what, text, at) => { throw new codes.ERR_INVALID_MIME_SYNTAX(what, text, at); };

// "type/subtype" and where the parameters begin.
function parseEssence(text) {
  let position = startsWithSpace.exec(text)[0].length;
  const slash = text.indexOf('/', position);
  const type = slash === -1 ? text.slice(position) : text.slice(position, slash);
  const badType = notToken.exec(type);
  if (type === '' || slash === -1 || badType) fail('type', text, badType ? badType.index : -1);
  position = slash + 1;
  const semicolon = text.indexOf(';', position);
  const raw = semicolon === -1 ? text.slice(position) : text.slice(position, semicolon);
  const subtype = raw.replace(endsWithSpace, '');
  const badSubtype = notToken.exec(subtype);
  if (subtype === '' || badSubtype) fail('subtype', text, badSubtype ? badSubtype.index : -1);
  return { type: lower(type), subtype: lower(subtype), parameters: semicolon === -1 ? text.length : semicolon + 1 };
}

// "name=value" pairs; the first of a name wins, malformed ones are passed over.
function parseParameters(text, position, data) {
  while (position < text.length) {
    position += startsWithSpace.exec(text.slice(position))[0].length;
    const start = position;
    while (position < text.length && text[position] !== ';' && text[position] !== '=') position++;
    const name = lower(text.slice(start, position));
    if (position >= text.length) break;
    if (text[position++] === ';') continue;
    let value;
    if (text[position] === '"') {
      [value, position] = quotedValue(text, position + 1);
      while (position < text.length && text[position] !== ';') position++;
      position++;
    } else {
      const end = text.indexOf(';', position);
      value = text.slice(position, end === -1 ? text.length : end).replace(endsWithSpace, '');
      position = end === -1 ? text.length : end + 1;
      if (value === '') continue;
    }
    if (name !== '' && !notToken.test(name) && !notQuoted.test(value) && !data.has(name)) data.set(name, value);
  }
}

function quotedValue(text, position) {
  let value = '';
  for (; position < text.length; position++) {
    const character = text[position];
    if (character === '"') return [value, position + 1];
    if (character === '\\' && position + 1 < text.length) value += text[++position];
    else value += character;
  }
  return [value, position];
}

function encodeValue(value) {
  if (value.length !== 0 && !notToken.test(value)) return value;
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

class MIMEParams {
  #data = new Map();

  /** Reads parameters from `text`, from `position` on. */
  static read(text, position) {
    const params = new MIMEParams();
    parseParameters(text, position, params.#data);
    return params;
  }

  delete(name) {
    this.#data.delete(lower(`${name}`));
  }

  get(name) {
    return this.#data.get(lower(`${name}`)) ?? null;
  }

  has(name) {
    return this.#data.has(lower(`${name}`));
  }

  set(name, value) {
    name = `${name}`;
    value = `${value}`;
    const badName = notToken.exec(name);
    if (name.length === 0 || badName) fail('parameter name', name, badName ? badName.index : -1);
    const badValue = notQuoted.exec(value);
    if (badValue) fail('parameter value', value, badValue.index);
    this.#data.set(name, value);
  }

  *entries() {
    yield* this.#data.entries();
  }

  *keys() {
    yield* this.#data.keys();
  }

  *values() {
    yield* this.#data.values();
  }

  toString() {
    let text = '';
    for (const [name, value] of this.#data) text += `${text === '' ? '' : ';'}${name}=${encodeValue(value)}`;
    return text;
  }
}
Object.defineProperty(MIMEParams.prototype, Symbol.iterator, { configurable: true, enumerable: false, value: MIMEParams.prototype.entries, writable: true });
Object.defineProperty(MIMEParams.prototype, 'toJSON', { configurable: true, enumerable: false, value: MIMEParams.prototype.toString, writable: true });
const readParameters = MIMEParams.read;
delete MIMEParams.read;

class MIMEType {
  #type;
  #subtype;
  #parameters;

  constructor(text) {
    text = `${text}`;
    const essence = parseEssence(text);
    this.#type = essence.type;
    this.#subtype = essence.subtype;
    this.#parameters = readParameters(text, essence.parameters);
  }

  get type() {
    return this.#type;
  }

  set type(value) {
    value = `${value}`;
    const bad = notToken.exec(value);
    if (value.length === 0 || bad) fail('type', value, bad ? bad.index : -1);
    this.#type = lower(value);
  }

  get subtype() {
    return this.#subtype;
  }

  set subtype(value) {
    value = `${value}`;
    const bad = notToken.exec(value);
    if (value.length === 0 || bad) fail('subtype', value, bad ? bad.index : -1);
    this.#subtype = lower(value);
  }

  get essence() {
    return `${this.#type}/${this.#subtype}`;
  }

  get params() {
    return this.#parameters;
  }

  toString() {
    const parameters = this.#parameters.toString();
    return `${this.essence}${parameters.length === 0 ? '' : ';'}${parameters}`;
  }
}
Object.defineProperty(MIMEType.prototype, 'toJSON', { configurable: true, enumerable: false, value: MIMEType.prototype.toString, writable: true });

module.exports = { MIMEType, MIMEParams };
