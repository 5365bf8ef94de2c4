// tty.ReadStream and tty.WriteStream: terminals as streams.

const { Duplex } = require('stream');
const native = require('/stdio_native');
const { codes } = require('./errors');
const { getColorDepth, hasColors } = require('/tty_colors');
const { InputStream, writeNow } = require('/stdio_streams');

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

WriteStream.prototype.getColorDepth = getColorDepth;
WriteStream.prototype.hasColors = hasColors;

module.exports = { ReadStream, WriteStream };
