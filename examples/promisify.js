// Teaches: callback style and promise style are two faces of the same request.
// util.promisify turns the first into the second; `once` does it for events.
// Predict: which comes first, the answer of the emitter or the answer of the file?
const { promisify } = require('util');
const { once, EventEmitter } = require('events');
const fs = require('fs');
const path = require('path');

const stat = promisify(fs.stat);
const sleep = promisify(setTimeout);

async function main() {
  const bell = new EventEmitter();
  process.nextTick(() => bell.emit('ring', 'ding', 'dong'));
  console.log('once:', await once(bell, 'ring'));

  const info = await stat(path.join(__dirname, 'data'));
  console.log('stat: a directory:', info.isDirectory());

  console.log('sleep:', await sleep(5, 'woke up'));
  await stat('nowhere').catch((error) => console.log('error:', error.code));
}

main();
