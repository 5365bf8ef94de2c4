// The log: decoded from a stream of variable-length numbers, event by event when asked for.

export const NONE = -1;

export class Log {
  // head: what the page's head element holds. bytes: the events as a Uint8Array.
  constructor(head, bytes) {
    const { schema, texts, scripts, title } = head;
    this.title = title;
    this.texts = texts;
    this.scripts = scripts;
    this.words = schema.words;
    this.table = schema.events;
    this.bytes = bytes;
    this.at = 0;
    this.row = new Map(schema.events.map((event, index) => [event.name, index]));
    // How many numbers each event's fields take.
    const sizes = schema.events.map((event) => event.fields.reduce((sum, [, type]) => sum + (type === 'position?' ? 3 : 1), 0));
    let room = Math.max(16, bytes.length >> 2);
    let ev = new Uint8Array(room), t = new Float64Array(room), within = new Int32Array(room), offset = new Uint32Array(room);
    let n = 0, at = 0, time = 0;
    const end = bytes.length;
    while (at < end) {
      if (n === room) {
        room *= 2;
        const grow = (array, Type) => { const next = new Type(room); next.set(array); return next; };
        ev = grow(ev, Uint8Array); t = grow(t, Float64Array); within = grow(within, Int32Array); offset = grow(offset, Uint32Array);
      }
      const row = bytes[at++];
      let byte = bytes[at++], number = byte & 127, scale = 128;
      while (byte > 127) { byte = bytes[at++]; number += (byte & 127) * scale; scale *= 128; }
      time += number % 2 ? -(number + 1) / 2 : number / 2;
      byte = bytes[at++]; number = byte & 127; scale = 128;
      while (byte > 127) { byte = bytes[at++]; number += (byte & 127) * scale; scale *= 128; }
      ev[n] = row; t[n] = time; within[n] = number === 0 ? NONE : n - number + 1; offset[n] = at;
      for (let left = sizes[row]; left > 0; left--) while (bytes[at++] > 127);
      n++;
    }
    this.length = n;
    this.ev = ev.subarray(0, n); this.t = t.subarray(0, n); this.within = within.subarray(0, n); this.offset = offset.subarray(0, n);
  }

  // The next number of the stream.
  number() {
    let byte = this.bytes[this.at++], number = byte & 127, scale = 128;
    while (byte > 127) { byte = this.bytes[this.at++]; number += (byte & 127) * scale; scale *= 128; }
    return number;
  }

  name(id) { return this.table[this.ev[id]].name; }

  // An event with its fields by name; null for no event. Words are strings, event ids -1 for none, positions null for none.
  get(id) {
    if (id < 0 || id >= this.length) return null;
    const { name, fields } = this.table[this.ev[id]];
    const event = { id, ev: name, t: this.t[id], in: this.within[id] };
    this.at = this.offset[id];
    for (const [field, type] of fields) event[field] = this.field(type);
    return event;
  }

  field(type) {
    const number = this.number();
    switch (type) {
      case 'number': return number;
      case 'integer': return number % 2 ? -(number + 1) / 2 : number / 2;
      case 'boolean': return number === 1;
      case 'event id?': return number - 1;
      case 'string?': return this.texts[number];
      case 'position?': {
        const line = this.number(), column = this.number();
        return line === 0 ? null : { script: this.texts[number], line, column };
      }
      default: return this.words[type][number];
    }
  }
}

// Base64 as bytes.
export function bytesOf(base64) {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
