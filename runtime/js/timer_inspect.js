// console.log(timer): Node's timers as their fields show them. Ids of asynchronous operations are left out, since nobody counts them unasked.

class TimersList {
  // Only so that there is something in it to be left out.
  id = 0;
}

const refed = Symbol('refed');
const hasPrimitive = Symbol('kHasPrimitive');

module.exports = function inspectTimer(timer, options) {
  const { inspect } = require('./inspect');
  const inner = { ...options, depth: 0, customInspect: false };
  const shown = { __proto__: Object.getPrototypeOf(timer) };
  const fields = {};
  if ('_idleTimeout' in timer) {
    const listed = timer._destroyed ? null : new TimersList();
    Object.assign(fields, {
      _idleTimeout: timer._idleTimeout,
      _idlePrev: listed,
      _idleNext: listed,
      _idleStart: timer._idleStart,
      _onTimeout: timer._onTimeout,
      _timerArgs: timer._timerArgs,
      _repeat: timer._repeat,
      _destroyed: timer._destroyed,
      [refed]: timer._destroyed ? null : timer.hasRef(),
      [hasPrimitive]: false,
    });
  } else {
    Object.assign(fields, {
      _idleNext: null,
      _idlePrev: null,
      _onImmediate: timer._destroyed ? null : timer._onImmediate,
      _argv: timer._argv,
      _destroyed: timer._destroyed,
      [refed]: timer._destroyed ? null : timer.hasRef(),
    });
  }
  for (const key of Reflect.ownKeys(fields)) {
    Object.defineProperty(shown, key, { __proto__: null, value: fields[key], enumerable: true, configurable: true, writable: true });
  }
  return inspect(shown, inner);
};
