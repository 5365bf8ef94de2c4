// A copied file of any size runs in constant memory: chunks are freed and used again while the copy goes on.
const fs = require('fs');
const os = require('os');
const path = require('path');
const { pipeline, Transform } = require('stream');

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'copy-'));
const from = path.join(dir, 'from');
const to = path.join(dir, 'to');
const MB = 96;
const fd = fs.openSync(from, 'w');
for (let i = 0; i < MB; i++) fs.writeSync(fd, Buffer.alloc(1 << 20, i));
fs.closeSync(fd);

let most = 0;
const watch = new Transform({
  transform(chunk, encoding, callback) {
    most = Math.max(most, process.memoryUsage().arrayBuffers);
    callback(null, chunk);
  },
});
pipeline(fs.createReadStream(from), watch, fs.createWriteStream(to), (error) => {
  if (error) throw error;
  console.log(fs.statSync(to).size === MB << 20, fs.readFileSync(to).at(-1));
  console.log('a fraction of it at a time:', most < (MB << 20) / 2);
  fs.rmSync(dir, { recursive: true });
});
