// navigator: what little of the browser's there is.

const { codes } = require('./errors');

const illegal = Symbol('make Navigator');
const PLATFORMS = { darwin: 'MacIntel', win32: 'Win32', linux: `Linux ${process.arch === 'x64' ? 'x86_64' : process.arch}` };

class Navigator {
  // Made when first asked for.
  #concurrency;

  constructor() {
    if (arguments[0] !== illegal) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
  }

  get hardwareConcurrency() {
    return (this.#concurrency ??= require('./performance_native').parallelism());
  }

  get language() { return 'en-US'; }

  get languages() { return Object.freeze([this.language]); }

  get userAgent() { return `Node.js/${process.version.slice(1).split('.')[0]}`; }

  get platform() { return PLATFORMS[process.platform] ?? process.platform; }
}

for (const name of ['hardwareConcurrency', 'language', 'languages', 'userAgent', 'platform']) {
  Object.defineProperty(Navigator.prototype, name, { __proto__: null, configurable: true, enumerable: true });
}

module.exports = { Navigator, navigator: new Navigator(illegal) };
