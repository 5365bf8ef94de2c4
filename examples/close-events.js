// Teaches: closing is asynchronous. close() asks, 'close' answers in a later turn; a good
// emitter says 'close' exactly once and refuses work after it. This class wraps a file the
// way Node's own handles do.
// Predict: is 'closed' true right after close() returned? When does the second close() matter?
const EventEmitter = require('events');
const fs = require('fs');

class File extends EventEmitter {
  #fd; #closing = false;
  constructor(path) { super(); this.#fd = fs.openSync(path, 'r'); this.closed = false; }
  close() {
    if (this.#closing) return console.log('already closing: ignored');
    this.#closing = true;
    fs.close(this.#fd, (error) => {
      this.closed = true;
      this.emit('close', error);
    });
  }
}

const file = new File(__filename);
file.on('close', (error) => {
  console.log('close event, error:', error);
  setImmediate(() => console.log('immediate from the close event'));
  process.nextTick(() => console.log('tick from the close event'));
});
file.close();
file.close();
console.log('close() returned, closed:', file.closed);
process.nextTick(() => console.log('tick, closed:', file.closed));
