// Teaches: two chains of requests run side by side; within each the order is fixed, between them it is not.
// Predict: what is printed, and is it always the same?
const fs = require('fs');
fs.stat(__filename, () => { console.log('a1'); fs.stat(__filename, () => console.log('a2')); });
fs.stat(__filename, () => { console.log('b1'); fs.stat(__filename, () => console.log('b2')); });
