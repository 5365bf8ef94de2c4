// Teaches: answers that one poll finds together are all called before the immediates.
// Predict: what is printed, and is it always the same?
const fs = require('fs');
fs.stat(__filename, () => { console.log('a'); setImmediate(() => console.log('immediate')); });
fs.stat(__filename, () => console.log('b'));
