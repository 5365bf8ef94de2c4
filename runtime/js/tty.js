// `tty`: terminals as streams.

const { Duplex } = require('stream');
const native = require('/stdio_native');
const { codes } = require('./errors');
const { validateInteger } = require('./validators');
const { InputStream, writeNow } = require('/stdio_streams');

/** Whether a descriptor is a terminal. */
function isatty(fd) {
  return Number.isInteger(fd) && fd >= 0 && fd <= 2147483647 && native.kind(fd) === 'TTY';
}

function checkFd(fd) {
  if (fd >> 0 !== fd || fd < 0) throw new codes.ERR_INVALID_FD(fd);
}

class ReadStream extends InputStream {
  constructor(fd) {
    checkFd(fd);
    super(fd);
    this.isRaw = false;
    this.isTTY = true;
  }
}

// Colours that terminals are known to have, by the beginning of their name.
const depthOfTerm = [
  [/^(xterm-256|screen-256|tmux-256|rxvt-unicode-256)/, 8], [/^(eterm|linux|xterm|screen|tmux|rxvt|vt100|vt220|ansi|cygwin|konsole|putty)/i, 4],
];

class WriteStream extends Duplex {
  constructor(fd) {
    checkFd(fd);
    super({ readable: false, decodeStrings: true, allowHalfOpen: false, emitClose: false });
    this.fd = fd;
    this._type = 'tty';
    this.isTTY = true;
    [this.columns, this.rows] = native.windowSize(fd) ?? [80, 24];
  }

  _write(chunk, encoding, callback) {
    writeNow.call(this, this.fd, chunk, callback);
  }

  /** Looks at the size again; 'resize' tells of a change. */
  _refreshSize() {
    const size = native.windowSize(this.fd);
    if (size === undefined) return;
    const [columns, rows] = size;
    if (columns !== this.columns || rows !== this.rows) {
      this.columns = columns;
      this.rows = rows;
      this.emit('resize');
    }
  }

  getWindowSize() {
    return [this.columns, this.rows];
  }

  /** Bits of colour: 1, 4, 8 or 24. */
  getColorDepth(env = process.env) {
    const forced = env.FORCE_COLOR;
    if (forced !== undefined) return { '': 4, 1: 4, true: 4, 2: 8, 3: 24 }[forced] ?? 1;
    if (env.NODE_DISABLE_COLORS !== undefined || env.NO_COLOR !== undefined || env.TERM === 'dumb') return 1;
    if (env.TMUX) return 24;
    if (env.COLORTERM === 'truecolor' || env.COLORTERM === '24bit') return 24;
    const known = depthOfTerm.find(([pattern]) => pattern.test(env.TERM ?? ''));
    if (known) return known[1];
    return env.COLORTERM ? 4 : 1;
  }

  hasColors(count, env) {
    if (env === undefined && (count === undefined || (typeof count === 'object' && count !== null))) {
      env = count;
      count = 16;
    } else {
      validateInteger(count, 'count', 2);
    }
    return count <= 2 ** this.getColorDepth(env);
  }

  cursorTo(x, y, callback) {
    return require('readline').cursorTo(this, x, y, callback);
  }

  moveCursor(dx, dy, callback) {
    return require('readline').moveCursor(this, dx, dy, callback);
  }

  clearLine(direction, callback) {
    return require('readline').clearLine(this, direction, callback);
  }

  clearScreenDown(callback) {
    return require('readline').clearScreenDown(this, callback);
  }

  ref() { return this; }
  unref() { return this; }
}

module.exports = { isatty, ReadStream, WriteStream };
