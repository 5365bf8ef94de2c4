// node:worker_threads. What belongs to ports is the global's; workers themselves are in worker.js.

const { codes } = require('./errors');
const { defineProperty } = Object;

const native = require('./worker_native');
const { environment, SHARE_ENV } = require('./worker_shared');
const thread = require('./worker_thread');

function setEnvironmentData(key, value) {
  if (value === undefined) environment.delete(key);
  else environment.set(key, value);
}

function getEnvironmentData(key) {
  return environment.get(key);
}

function unavailable(name) {
  return { [name]() {
    throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM(`worker_threads.${name}`);
  } }[name];
}

module.exports = {
  isInternalThread: false,
  isMainThread: native.threadId === 0,
  moveMessagePortToContext: unavailable('moveMessagePortToContext'),
  resourceLimits: {},
  postMessageToThread: unavailable('postMessageToThread'),
  threadId: native.threadId,
  threadName: native.threadName,
  SHARE_ENV,
  parentPort: thread.port,
  workerData: thread.workerData,
  setEnvironmentData,
  getEnvironmentData,
};

const lazy = {
  Worker: () => require('./worker').Worker,
  MessagePort: () => globalThis.MessagePort,
  MessageChannel: () => globalThis.MessageChannel,
  BroadcastChannel: () => globalThis.BroadcastChannel,
  receiveMessageOnPort: () => require('./messaging').receiveMessageOnPort,
  markAsUncloneable: () => require('./messaging').markAsUncloneable,
  markAsUntransferable: () => require('./messaging').markAsUntransferable,
  isMarkedAsUntransferable: () => require('./messaging').isMarkedAsUntransferable,
};
for (const name of Object.keys(lazy)) {
  defineProperty(module.exports, name, { __proto__: null, configurable: true, enumerable: true, get: lazy[name] });
}
