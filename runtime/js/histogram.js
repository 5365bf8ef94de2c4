// Histograms of perf_hooks: counts of whole numbers from 1 up, each kept to three significant digits.

const { codes } = require('./errors');
const { validateNumber, validateInteger, validateObject } = require('./validators');
const inspect = (value, options) => require('./inspect').inspect(value, options);
const { kMode, kClone, kReceive } = require('./messaging_native');
const { now } = binding;

const { defineProperty } = Object;
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');
const illegal = Symbol('make Histogram');
const LARGEST = Number.MAX_SAFE_INTEGER;
const HALF = 1024;
const CLONEABLE = 2;

// Values below 2048 have a bucket each; above that 1024 buckets share each power of two.
function bucketOf(value) {
  const shift = Math.max(Math.floor(Math.log2(value)) - 10, 0);
  // Rounding of the logarithm can be off by one at a power of two.
  const exact = value / 2 ** shift >= 2 * HALF ? shift + 1 : shift;
  return exact * HALF + Math.floor(value / 2 ** exact);
}

function lowestOf(bucket) {
  const shift = Math.max(Math.floor(bucket / HALF) - 1, 0);
  return (bucket - shift * HALF) * 2 ** shift;
}

function middleOf(bucket) {
  const shift = Math.max(Math.floor(bucket / HALF) - 1, 0);
  return lowestOf(bucket) + Math.floor(2 ** shift / 2);
}

function highestOf(bucket) {
  const shift = Math.max(Math.floor(bucket / HALF) - 1, 0);
  return lowestOf(bucket) + 2 ** shift - 1;
}

/** The data, which copies of a histogram share. */
class Counts {
  constructor(lowest = 1, highest = LARGEST, figures = 3) {
    this.lowest = lowest;
    this.highest = highest;
    this.figures = figures;
    this.reset();
  }

  reset() {
    this.buckets = new Map();
    this.count = 0;
    this.exceeds = 0;
    this.previous = 0;
  }

  record(value, times = 1) {
    if (value > this.highest) {
      this.exceeds += times;
      return;
    }
    const bucket = bucketOf(Math.max(value, 1));
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + times);
    this.count += times;
  }

  sorted() {
    return [...this.buckets].sort(([a], [b]) => a - b);
  }

  get min() {
    if (this.count === 0) return 9223372036854776000;
    return lowestOf(Math.min(...this.buckets.keys()));
  }

  get max() {
    if (this.count === 0) return 0;
    return highestOf(Math.max(...this.buckets.keys()));
  }

  get mean() {
    if (this.count === 0) return NaN;
    let sum = 0;
    for (const [bucket, times] of this.buckets) sum += middleOf(bucket) * times;
    return sum / this.count;
  }

  // The mean of the powers of the distances from the mean.
  moment(power) {
    const { mean } = this;
    let sum = 0;
    for (const [bucket, times] of this.buckets) sum += (middleOf(bucket) - mean) ** power * times;
    return sum / this.count;
  }

  get stddev() {
    return this.count === 0 ? NaN : Math.sqrt(this.moment(2));
  }

  get skewness() {
    const { stddev } = this;
    return stddev > 0 ? this.moment(3) / stddev ** 3 : 0;
  }

  get kurtosis() {
    const { stddev } = this;
    return stddev > 0 ? this.moment(4) / stddev ** 4 - 3 : 0;
  }

  bucketAt(p) {
    const wanted = Math.max(Math.ceil(p / 100 * this.count), 1);
    let seen = 0;
    for (const [bucket, times] of this.sorted()) {
      seen += times;
      if (seen >= wanted) return bucket;
    }
    return undefined;
  }

  percentile(p) {
    const bucket = this.bucketAt(p);
    return bucket === undefined ? 0 : highestOf(bucket);
  }

  percentiles() {
    const map = new Map();
    if (this.count === 0) {
      map.set(100, 0);
      return map;
    }
    // Ever finer steps towards 100, until one reaches the largest value.
    const last = lowestOf(Math.max(...this.buckets.keys()));
    for (let at = 0, half = 100; half > 1e-12; half /= 2, at = 100 - half) {
      const value = lowestOf(this.bucketAt(at));
      map.set(at, value);
      if (value >= last) break;
    }
    map.set(100, last);
    return map;
  }
}

let countsOf;

class Histogram {
  #counts;

  static {
    countsOf = (value) => (value !== null && typeof value === 'object' && #counts in value ? value.#counts : undefined);
  }

  constructor() {
    if (arguments[0] !== illegal) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
    this.#counts = arguments[1];
  }

  static #of(self) {
    const counts = countsOf(self);
    if (counts === undefined) throw new codes.ERR_INVALID_THIS('Histogram');
    return counts;
  }

  [inspectCustom](depth, options) {
    if (depth < 0) return this;
    const inner = { ...options, depth: options.depth == null ? null : options.depth - 1 };
    const { min, max, mean, exceeds, stddev, skewness, kurtosis, count, percentiles } = this;
    return `Histogram ${inspect({ min, max, mean, exceeds, stddev, skewness, kurtosis, count, percentiles }, inner)}`;
  }

  get count() { return Histogram.#of(this).count; }
  get countBigInt() { return BigInt(Histogram.#of(this).count); }
  get min() { return Histogram.#of(this).min; }
  get minBigInt() { return BigInt(Histogram.#of(this).min); }
  get max() { return Histogram.#of(this).max; }
  get maxBigInt() { return BigInt(Histogram.#of(this).max); }
  get mean() { return Histogram.#of(this).mean; }
  get exceeds() { return Histogram.#of(this).exceeds; }
  get exceedsBigInt() { return BigInt(Histogram.#of(this).exceeds); }
  get stddev() { return Histogram.#of(this).stddev; }
  get skewness() { return Histogram.#of(this).skewness; }
  get kurtosis() { return Histogram.#of(this).kurtosis; }

  percentile(percentile) {
    const counts = Histogram.#of(this);
    validateNumber(percentile, 'percentile');
    if (!(percentile > 0 && percentile <= 100)) throw new codes.ERR_OUT_OF_RANGE('percentile', '> 0 && <= 100', percentile);
    return counts.percentile(percentile);
  }

  percentileBigInt(percentile) {
    return BigInt(this.percentile(percentile));
  }

  get percentiles() { return Histogram.#of(this).percentiles(); }

  get percentilesBigInt() {
    return new Map([...Histogram.#of(this).percentiles()].map(([at, value]) => [at, BigInt(value)]));
  }

  reset() { Histogram.#of(this).reset(); }

  toJSON() {
    const { count, min, max, mean, exceeds, stddev, skewness, kurtosis, percentiles } = this;
    return { count, min, max, mean, exceeds, stddev, skewness, kurtosis, percentiles: Object.fromEntries(percentiles) };
  }

  [kClone]() {
    const { buckets, count, exceeds, lowest, highest, figures } = this.#counts;
    return { data: { buckets, count, exceeds, lowest, highest, figures }, deserializeInfo: '/histogram:ClonedHistogram' };
  }

  [kReceive](data) {
    this.#counts = Object.assign(new Counts(data.lowest, data.highest, data.figures), data);
  }
}
defineProperty(Histogram.prototype, kMode, { __proto__: null, value: CLONEABLE, configurable: true });
for (const symbol of [kClone, kReceive]) defineProperty(Histogram.prototype, symbol, { __proto__: null, enumerable: false });

function ClonedHistogram() {
  return new Histogram(illegal, new Counts());
}

class RecordableHistogram extends Histogram {
  record(value) {
    const counts = countsOf(this);
    if (counts === undefined) throw new codes.ERR_INVALID_THIS('RecordableHistogram');
    if (typeof value === 'bigint') {
      if (value < 1n || value > BigInt(LARGEST)) throw new codes.ERR_OUT_OF_RANGE('val', `>= 1 && <= ${LARGEST}`, value);
      counts.record(Number(value));
      return;
    }
    validateInteger(value, 'val', 1, LARGEST);
    counts.record(value);
  }

  recordDelta() {
    const counts = countsOf(this);
    if (counts === undefined) throw new codes.ERR_INVALID_THIS('RecordableHistogram');
    const time = Math.round(now() * 1e6);
    const delta = counts.previous === 0 ? 0 : time - counts.previous;
    if (counts.previous !== 0 && delta >= 1) counts.record(delta);
    counts.previous = time;
    return delta;
  }

  add(other) {
    const counts = countsOf(this);
    if (counts === undefined) throw new codes.ERR_INVALID_THIS('RecordableHistogram');
    const theirs = countsOf(other);
    if (theirs === undefined || !(other instanceof RecordableHistogram)) throw new codes.ERR_INVALID_ARG_TYPE('other', 'RecordableHistogram', other);
    for (const [bucket, times] of theirs.buckets) {
      counts.buckets.set(bucket, (counts.buckets.get(bucket) ?? 0) + times);
      counts.count += times;
    }
    counts.exceeds += theirs.exceeds;
  }
}

function createHistogram(options = {}) {
  validateObject(options, 'options');
  const { lowest = 1, highest = LARGEST, figures = 3 } = options;
  if (typeof lowest !== 'bigint') validateInteger(lowest, 'options.lowest', 1, LARGEST);
  if (typeof highest !== 'bigint') validateInteger(highest, 'options.highest', 2 * Number(lowest), LARGEST);
  else if (highest < 2n * BigInt(lowest)) throw new codes.ERR_INVALID_ARG_VALUE.RangeError('options.highest', highest);
  validateInteger(figures, 'options.figures', 1, 5);
  return new RecordableHistogram(illegal, new Counts(Number(lowest), Number(highest), figures));
}

class IntervalHistogram extends Histogram {
  #start;
  #stop;
  #enabled = false;

  constructor(key, counts, start, stop) {
    super(key, counts);
    this.#start = start;
    this.#stop = stop;
  }

  enable() {
    if (this.#enabled) return false;
    this.#enabled = true;
    this.#start(countsOf(this));
    return true;
  }

  disable() {
    if (!this.#enabled) return false;
    this.#enabled = false;
    this.#stop();
    return true;
  }

  [Symbol.dispose]() { this.disable(); }
}

/** perf_hooks.monitorEventLoopDelay: how much later than asked a timer comes, in nanoseconds. */
function monitorEventLoopDelay(options = {}) {
  validateObject(options, 'options');
  const { resolution = 10 } = options;
  validateInteger(resolution, 'options.resolution', 1);
  const { setInterval, clearInterval } = require('./timers_native');
  let timer;
  const start = (counts) => {
    let before = now();
    timer = setInterval(() => {
      const time = now();
      const delta = Math.round((time - before) * 1e6);
      before = time;
      if (delta >= 1) counts.record(delta);
    }, resolution);
    timer.unref();
  };
  return new IntervalHistogram(illegal, new Counts(1, 3.6e12), start, () => clearInterval(timer));
}

module.exports = { Histogram, RecordableHistogram, ClonedHistogram, createHistogram, monitorEventLoopDelay, isHistogram: (value) => countsOf(value) !== undefined };
