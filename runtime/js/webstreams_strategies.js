// Queuing strategies.

const { codes } = require('./errors');
const { finishClass } = require('/webstreams_util');

// One function for all instances, as the standard asks.
const byteSize = { size: (chunk) => chunk.byteLength }.size;
const countSize = { size: () => 1 }.size;

function markOf(init) {
  if (init === null || (typeof init !== 'object' && typeof init !== 'function')) throw new codes.ERR_INVALID_ARG_TYPE('init', 'Object', init);
  if (init.highWaterMark === undefined) throw new codes.ERR_MISSING_OPTION('init.highWaterMark');
  return +init.highWaterMark;
}

class ByteLengthQueuingStrategy {
  #mark;

  constructor(init) {
    this.#mark = markOf(init);
  }

  get highWaterMark() { return this.#mark; }

  get size() {
    void this.#mark;
    return byteSize;
  }
}

class CountQueuingStrategy {
  #mark;

  constructor(init) {
    this.#mark = markOf(init);
  }

  get highWaterMark() { return this.#mark; }

  get size() {
    void this.#mark;
    return countSize;
  }
}

finishClass(ByteLengthQueuingStrategy, ['highWaterMark', 'size']);
finishClass(CountQueuingStrategy, ['highWaterMark', 'size']);

module.exports = { ByteLengthQueuingStrategy, CountQueuingStrategy };
