// SystemError: what failed system calls of os and fs.cp throw; `info` holds the parts, errno and syscall look into it.

const { defineProperty } = Object;

class SystemError extends Error {
  constructor(info) {
    let message = `A system error occurred: ${info.syscall} returned ${info.code} (${info.message})`;
    if (info.path !== undefined) message += ` ${info.path}`;
    if (info.dest !== undefined) message += ` => ${info.dest}`;
    super(message);
    defineProperty(this, 'name', { __proto__: null, value: 'SystemError [ERR_SYSTEM_ERROR]', configurable: true, writable: true, enumerable: false });
    void this.stack;
    defineProperty(this, 'name', { __proto__: null, value: 'SystemError', configurable: true, writable: true, enumerable: false });
    this.code = 'ERR_SYSTEM_ERROR';
    defineProperty(this, 'info', { __proto__: null, value: info, enumerable: true, configurable: true, writable: false });
    for (const key of ['errno', 'syscall', 'path', 'dest']) {
      if (key !== 'errno' && key !== 'syscall' && info[key] === undefined) continue;
      defineProperty(this, key, { __proto__: null, get: () => info[key], set(value) { info[key] = value; }, enumerable: true, configurable: true });
    }
  }

  toString() {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}

module.exports = { SystemError };
