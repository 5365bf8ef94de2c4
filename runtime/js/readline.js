// node:readline: lines from a stream, with callbacks.

const EventEmitter = require('events');
const { AbortError } = require('./errors');
const { validateAbortSignal } = require('./validators');
const { Interface: Base, construct } = require('./readline_interface');
const { emitKeypressEvents } = require('./readline_keys');
const { clearLine, clearScreenDown, cursorTo, moveCursor } = require('./readline_cursor');
const promises = require('readline/promises');

/** readline.Interface; old programs call it without `new`, and inherit from it the old way. */
function Interface(input, output, completer, terminal) {
  if (!(this instanceof Interface)) return new Interface(input, output, completer, terminal);
  if (input?.input && typeof input.completer === 'function' && input.completer.length !== 2) {
    const real = input.completer;
    input = { ...input, completer: (text, callback) => callback(null, real(text)) };
  } else if (typeof completer === 'function' && completer.length !== 2) {
    const real = completer;
    completer = (text, callback) => callback(null, real(text));
  }
  EventEmitter.call(this);
  construct(this, input, output, completer, terminal);
}
Object.setPrototypeOf(Interface.prototype, Base.prototype);
Object.setPrototypeOf(Interface, Base);

Interface.prototype.question = function question(query, options, callback) {
  callback = typeof options === 'function' ? options : callback;
  options = typeof options === 'object' && options !== null ? options : {};
  if (options.signal) {
    validateAbortSignal(options.signal, 'options.signal');
    if (options.signal.aborted) return;
    const disposable = EventEmitter.addAbortListener(options.signal, () => this._questionCancel());
    const original = callback;
    callback = typeof original === 'function' ?
      (answer) => {
        disposable[Symbol.dispose]();
        return original(answer);
      } :
      disposable[Symbol.dispose];
  }
  if (typeof callback === 'function') this._question(query, callback);
};

Interface.prototype.question[Symbol.for('nodejs.util.promisify.custom')] = function question(query, options) {
  options = typeof options === 'object' && options !== null ? options : {};
  if (options.signal?.aborted) return Promise.reject(new AbortError(undefined, { cause: options.signal.reason }));
  return new Promise((resolve, reject) => {
    let callback = resolve;
    if (options.signal) {
      const disposable = EventEmitter.addAbortListener(options.signal, () => reject(new AbortError(undefined, { cause: options.signal.reason })));
      callback = (answer) => {
        disposable[Symbol.dispose]();
        resolve(answer);
      };
    }
    this.question(query, options, callback);
  });
};

Interface.prototype._tabComplete = function _tabComplete(lastWasTab) {
  this.pause();
  this.completer(this.line.slice(0, this.cursor), (error, value) => {
    this.resume();
    if (error) this._writeToOutput(`Tab completion error: ${require('./inspect').inspect(error)}`);
    else this._tabCompleter(lastWasTab, value);
  });
};

// Old programs replace these on the prototype, or on one interface.
for (const name of ['_setRawMode', '_onLine', '_writeToOutput', '_addHistory', '_refreshLine', '_normalWrite', '_insertString', '_wordLeft', '_wordRight', '_deleteLeft',
  '_deleteRight', '_deleteWordLeft', '_deleteWordRight', '_deleteLineLeft', '_deleteLineRight', '_line', '_historyNext', '_historyPrev', '_getDisplayPos', '_moveCursor', '_ttyWrite']) {
  Interface.prototype[name] = Base.prototype[name];
}

// A terminal that cannot move its cursor: no editing but the line's end.
if (process.env.TERM === 'dumb') {
  Interface.prototype._ttyWrite = function _ttyWrite(s, key = {}) {
    if (key.name === 'escape') return;
    if (this._sawReturnAt && key.name !== 'enter') this._sawReturnAt = 0;
    if (key.ctrl) {
      if (key.name === 'c') {
        if (this.listenerCount('SIGINT') > 0) this.emit('SIGINT');
        else this.close();
        return;
      }
      if (key.name === 'd') return this.close();
    }
    if (key.name === 'return') {
      this._sawReturnAt = Date.now();
      this._line();
    } else if (key.name === 'enter') {
      if (this._sawReturnAt === 0 || Date.now() - this._sawReturnAt > this.crlfDelay) this._line();
      this._sawReturnAt = 0;
    } else if (typeof s === 'string' && s) {
      this.line += s;
      this.cursor += s.length;
      this._writeToOutput(s);
    }
  };
}

function createInterface(input, output, completer, terminal) {
  return new Interface(input, output, completer, terminal);
}

module.exports = { Interface, clearLine, clearScreenDown, createInterface, cursorTo, emitKeypressEvents, moveCursor, promises };
