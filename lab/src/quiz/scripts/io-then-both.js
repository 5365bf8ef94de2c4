// Teaches: from an I/O callback an immediate always comes before a timeout, whatever its delay.
// Predict: what is printed, and is it always the same?
const fs = require('fs');
fs.stat(__filename, () => {
  setTimeout(() => console.log('timeout'), 0);
  setImmediate(() => { console.log('immediate'); setImmediate(() => console.log('second')); });
});
