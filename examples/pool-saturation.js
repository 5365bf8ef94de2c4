// Teaches: file work is done by a pool of four workers. Six reads are asked for at once: four
// run, two wait in the queue. The order in which they finish is not promised; that the loop is
// free meanwhile is. `looplab trace` shows which worker took which read.
// Predict: is the immediate held up by the six reads?
const fs = require('fs');
const fd = fs.openSync(__filename, 'r');
let done = 0;

for (let i = 0; i < 6; i++) {
  const buffer = Buffer.alloc(16);
  fs.read(fd, buffer, 0, 16, 0, (error, bytes) => {
    done += 1;
    console.log(`${done} of 6 done, ${bytes} bytes`);
    if (done === 6) fs.close(fd, () => console.log('file closed'));
  });
}
console.log('six reads asked for, none done:', done === 0);
process.nextTick(() => console.log('tick: none done:', done === 0));
