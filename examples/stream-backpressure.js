// Teaches: backpressure. A fast source and a slow sink: `write` says false when the sink's buffer is at its watermark,
// 'drain' says that it is empty again, and `pipe` does the waiting. In the trace, look for "is full" and "has drained".
// Predict: how many chunks are made before the sink has taken the first two?
const { Readable, Writable } = require('stream');

let made = 0;
const source = new Readable({
  objectMode: true,
  highWaterMark: 2,
  read() {
    console.log('source makes', made);
    this.push(made < 5 ? made++ : null);
  },
});

const sink = new Writable({
  objectMode: true,
  highWaterMark: 2,
  write(chunk, encoding, done) {
    console.log('sink takes', chunk, `(${source.readableLength} + ${this.writableLength} buffered)`);
    setTimeout(done, 1);
  },
});

source.on('pause', () => console.log('source waits'));
source.on('resume', () => console.log('source goes on'));
source.on('end', () => console.log('source is read'));
sink.on('drain', () => console.log('sink has drained'));
sink.on('finish', () => console.log('sink has everything'));
sink.on('close', () => console.log('sink is closed'));
source.pipe(sink);
