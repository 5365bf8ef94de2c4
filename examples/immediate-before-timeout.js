// Teaches: inside an I/O callback, setImmediate always beats setTimeout(0). The loop is in
// poll, and check comes right after poll; timers wait for the next time round. From a timer
// callback the order is the same. (From the main script the same pair is a race: see
// races/timeout-or-immediate.js.)
// Predict: does the order of the two lines inside a callback matter?
const fs = require('fs');

fs.stat(__filename, () => {
  setTimeout(() => {
    console.log('file: timeout, written first');
    fromTimer();
  }, 0);
  setImmediate(() => console.log('file: immediate, written second'));
});

function fromTimer() {
  setTimeout(() => console.log('timer: timeout, written first'), 0);
  setImmediate(() => console.log('timer: immediate, written second'));
}
