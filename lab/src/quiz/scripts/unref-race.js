// Teaches: an unref'd timer runs only if it is due while something else keeps the loop alive.
// Predict: what is printed, and is it always the same?
const fs = require('fs');
setTimeout(() => console.log('unref timer'), 1).unref();
fs.stat(__filename, () => console.log('stat'));
