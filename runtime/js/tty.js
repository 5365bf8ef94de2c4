// node:tty.

const { isatty } = require('./tty_colors');

module.exports = { isatty };

const lazy = (name) => Object.defineProperty(module.exports, name, {
  __proto__: null,
  configurable: true,
  enumerable: true,
  get() {
    const value = require('./tty_streams')[name];
    Object.defineProperty(module.exports, name, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
    return value;
  },
});
lazy('ReadStream');
lazy('WriteStream');
