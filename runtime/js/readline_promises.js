// node:readline/promises: lines from a stream, with promises.

const EventEmitter = require('events');
const { AbortError } = require('./errors');
const { validateAbortSignal } = require('./validators');
const { Interface: Base } = require('./readline_interface');
const { Readline } = require('./readline_cursor');

class Interface extends Base {
  question(query, options = {}) {
    return new Promise((resolve, reject) => {
      let callback = resolve;
      if (options?.signal) {
        const { signal } = options;
        validateAbortSignal(signal, 'options.signal');
        if (signal.aborted) return reject(new AbortError(undefined, { cause: signal.reason }));
        const disposable = EventEmitter.addAbortListener(signal, () => {
          this._questionCancel();
          reject(new AbortError(undefined, { cause: signal.reason }));
        });
        callback = (answer) => {
          disposable[Symbol.dispose]();
          resolve(answer);
        };
      }
      this._question(query, callback);
      this._questionReject = reject;
    });
  }
}

function createInterface(input, output, completer, terminal) {
  return new Interface(input, output, completer, terminal);
}

module.exports = { Interface, Readline, createInterface };
