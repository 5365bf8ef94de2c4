// Moving a terminal's cursor and clearing: the callback forms, and the class of readline/promises that collects commands.

const { codes } = require('./errors');
const { validateBoolean, validateFunction, validateInteger } = require('./validators');

const csi = (text) => `\x1b[${text}`;
const clearLineText = (dir) => csi(dir < 0 ? '1K' : dir > 0 ? '0K' : '2K');
const clearDown = csi('0J');

function moveText(dx, dy) {
  let text = '';
  if (dx < 0) text += csi(`${-dx}D`);
  else if (dx > 0) text += csi(`${dx}C`);
  if (dy < 0) text += csi(`${-dy}A`);
  else if (dy > 0) text += csi(`${dy}B`);
  return text;
}

function toText(x, y) {
  return typeof y !== 'number' ? csi(`${x + 1}G`) : csi(`${y + 1};${x + 1}H`);
}

// Nothing is to be written: the callback comes all the same.
function nothing(callback) {
  if (typeof callback === 'function') process.nextTick(callback, null);
  return true;
}

function cursorTo(stream, x, y, callback) {
  if (callback !== undefined) validateFunction(callback, 'callback');
  if (typeof y === 'function') {
    callback = y;
    y = undefined;
  }
  if (Number.isNaN(x)) throw new codes.ERR_INVALID_ARG_VALUE('x', x);
  if (Number.isNaN(y)) throw new codes.ERR_INVALID_ARG_VALUE('y', y);
  if (stream == null || (typeof x !== 'number' && typeof y !== 'number')) return nothing(callback);
  if (typeof x !== 'number') throw new codes.ERR_INVALID_CURSOR_POS();
  return stream.write(toText(x, y), callback);
}

function moveCursor(stream, dx, dy, callback) {
  if (callback !== undefined) validateFunction(callback, 'callback');
  if (stream == null || !(dx || dy)) return nothing(callback);
  return stream.write(moveText(dx, dy), callback);
}

function clearLine(stream, dir, callback) {
  if (callback !== undefined) validateFunction(callback, 'callback');
  if (stream === null || stream === undefined) return nothing(callback);
  return stream.write(clearLineText(dir), callback);
}

function clearScreenDown(stream, callback) {
  if (callback !== undefined) validateFunction(callback, 'callback');
  if (stream === null || stream === undefined) return nothing(callback);
  return stream.write(clearDown, callback);
}

const isWritable = (stream) => stream !== null && typeof stream === 'object' && typeof stream.write === 'function' && typeof stream.on === 'function' &&
  (!stream._readableState || stream._writableState?.writable !== false);

/** readlinePromises.Readline: commands that are sent together. */
class Readline {
  #autoCommit = false;
  #stream;
  #todo = [];

  constructor(stream, options = undefined) {
    if (!isWritable(stream)) throw new codes.ERR_INVALID_ARG_TYPE('stream', 'Writable', stream);
    this.#stream = stream;
    if (options?.autoCommit != null) {
      validateBoolean(options.autoCommit, 'options.autoCommit');
      this.#autoCommit = options.autoCommit;
    }
  }

  #add(text) {
    if (this.#autoCommit) process.nextTick(() => this.#stream.write(text));
    else this.#todo.push(text);
    return this;
  }

  cursorTo(x, y = undefined) {
    validateInteger(x, 'x');
    if (y != null) validateInteger(y, 'y');
    return this.#add(y == null ? toText(x) : toText(x, y));
  }

  moveCursor(dx, dy) {
    if (!(dx || dy)) return this;
    validateInteger(dx, 'dx');
    validateInteger(dy, 'dy');
    return this.#add(moveText(dx, dy));
  }

  clearLine(dir) {
    validateInteger(dir, 'dir', -1, 1);
    return this.#add(clearLineText(dir));
  }

  clearScreenDown() {
    return this.#add(clearDown);
  }

  commit() {
    return new Promise((resolve) => {
      this.#stream.write(this.#todo.join(''), resolve);
      this.#todo = [];
    });
  }

  rollback() {
    this.#todo = [];
    return this;
  }
}

module.exports = { cursorTo, moveCursor, clearLine, clearScreenDown, Readline };
