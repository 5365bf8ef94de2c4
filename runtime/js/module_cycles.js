// The prototype of exports that are asked for before their module has finished loading.

function warn(property) {
  process.emitWarning(`Accessing non-existent property '${String(property)}' of module exports inside circular dependency`);
}

module.exports = new Proxy({}, {
  get(target, property) {
    // Transpiled code asks for __esModule without expecting it.
    if (property in target || property === '__esModule') return target[property];
    warn(property);
    return undefined;
  },
  getOwnPropertyDescriptor(target, property) {
    if (Object.hasOwn(target, property) || property === '__esModule') return Object.getOwnPropertyDescriptor(target, property);
    warn(property);
    return undefined;
  },
});
