// Teaches: four workers: the fifth request has to wait until one is free.
// Predict: what is printed, and is it always the same?
const fs = require('fs');
const seen = [];
for (let i = 0; i < 5; i++) fs.stat(__filename, () => { seen.push(i); if (seen.length === 5) console.log('first', seen[0], 'last', seen[4]); });
