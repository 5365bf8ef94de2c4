// `stream/web`: the web streams.

const parts = [
  '/webstreams_readable', '/webstreams_bytes', '/webstreams_writable', '/webstreams_transform', '/webstreams_strategies',
].map((name) => require(name));

const names = [
  'ReadableStream', 'ReadableStreamDefaultReader', 'ReadableStreamBYOBReader', 'ReadableStreamBYOBRequest', 'ReadableByteStreamController',
  'ReadableStreamDefaultController', 'TransformStream', 'TransformStreamDefaultController', 'WritableStream', 'WritableStreamDefaultWriter',
  'WritableStreamDefaultController', 'ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'TextEncoderStream', 'TextDecoderStream',
];

for (const name of names) module.exports[name] = parts.find((part) => part[name] !== undefined)[name];
