// node:v8, as far as an engine that isn't V8 can be asked: figures of the heap and snapshots of it. Flags of V8 are read and change nothing.
// Serialisation in V8's wire format, promise hooks and profiles are not here.
//
// Native helpers (`v8_native`): figures() -> [used, committed, external, limit]; writeSnapshot(path); snapshot() -> text.

const { codes } = require('./errors');
const { validateObject, validateString, validateUint32 } = require('./validators');
const native = require('./v8_native');

function getHeapStatistics() {
  const { 0: used, 1: committed, 2: external, 3: limit } = native.figures();
  const total = Math.max(committed + external, used);
  return {
    total_heap_size: total,
    total_heap_size_executable: 0,
    total_physical_size: total,
    total_available_size: Math.max(0, limit - used),
    used_heap_size: used,
    heap_size_limit: limit,
    malloced_memory: external,
    peak_malloced_memory: external,
    does_zap_garbage: 0,
    number_of_native_contexts: 1,
    number_of_detached_contexts: 0,
    total_global_handles_size: 0,
    used_global_handles_size: 0,
    external_memory: external,
  };
}

// Cells live in one space of size classes; there is no other.
function getHeapSpaceStatistics() {
  const { 0: used, 1: committed, 2: external } = native.figures();
  const inside = Math.max(0, used - external);
  return [{
    space_name: 'old_space',
    space_size: committed,
    space_used_size: inside,
    space_available_size: Math.max(0, committed - inside),
    physical_space_size: committed,
  }];
}

function getHeapCodeStatistics() {
  return { code_and_metadata_size: 0, bytecode_and_metadata_size: 0, external_script_source_size: 0, cpu_profiler_metadata_size: 0 };
}

function checkOptions(options) {
  if (options === undefined) return;
  validateObject(options, 'options');
  for (const name of ['exposeInternals', 'exposeNumericValues']) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean') throw new codes.ERR_INVALID_ARG_TYPE(`options.${name}`, 'boolean', options[name]);
  }
}

function pathOf(value) {
  const path = require('./url_whatwg').toPathIfFileURL(value);
  if (typeof path === 'string') return path;
  if (path instanceof Uint8Array) return Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString();
  throw new codes.ERR_INVALID_ARG_TYPE('path', ['string', 'Buffer', 'URL'], path);
}

let sequence = 0;

function usualName() {
  const now = new Date();
  const two = (n) => String(n).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  sequence++;
  return `Heap-${day}-${time}-${process.pid}-0-${String(sequence).padStart(3, '0')}.heapsnapshot`;
}

function writeHeapSnapshot(filename, options) {
  if (filename !== undefined) filename = pathOf(filename);
  checkOptions(options);
  const name = filename === undefined ? usualName() : filename;
  native.writeSnapshot(name);
  return name;
}

function getHeapSnapshot(options) {
  checkOptions(options);
  const { Readable } = require('stream');
  class HeapSnapshotStream extends Readable {
    #text;
    _read() {
      // Made when it is first read.
      this.#text ??= Buffer.from(native.snapshot());
      const size = 65536;
      const part = this.#text.subarray(0, size);
      this.#text = this.#text.subarray(size);
      this.push(part.length === 0 ? null : part);
    }
  }
  return new HeapSnapshotStream();
}

function setFlagsFromString(flags) {
  validateString(flags, 'flags');
}

function setHeapSnapshotNearHeapLimit(limit) {
  validateUint32(limit, 'limit', true);
  throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('v8.setHeapSnapshotNearHeapLimit()');
}

function isStringOneByteRepresentation(content) {
  validateString(content, 'content');
  for (let i = 0; i < content.length; i++) if (content.charCodeAt(i) > 255) return false;
  return true;
}

function notBuilding() {
  throw new codes.ERR_NOT_BUILDING_SNAPSHOT();
}

module.exports = {
  cachedDataVersionTag: () => 2521476671,
  getHeapSnapshot,
  getHeapStatistics,
  getHeapSpaceStatistics,
  getHeapCodeStatistics,
  setFlagsFromString,
  takeCoverage() {},
  stopCoverage() {},
  writeHeapSnapshot,
  startupSnapshot: {
    addDeserializeCallback: notBuilding,
    addSerializeCallback: notBuilding,
    setDeserializeMainFunction: notBuilding,
    isBuildingSnapshot: () => false,
  },
  setHeapSnapshotNearHeapLimit,
  isStringOneByteRepresentation,
};

// Written and read forms of values, loaded when first asked for.
for (const name of ['Serializer', 'Deserializer', 'DefaultSerializer', 'DefaultDeserializer', 'serialize', 'deserialize']) {
  Object.defineProperty(module.exports, name, {
    __proto__: null,
    configurable: true,
    enumerable: true,
    get() {
      const value = require('./v8_serdes')[name];
      Object.defineProperty(module.exports, name, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
      return value;
    },
  });
}
