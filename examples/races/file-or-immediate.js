// A race: was the worker done before the loop polled? The first immediate comes after the
// first poll, the second after the second, so the file can land in three places.
const fs = require('fs');
fs.stat(__filename, () => console.log('file'));
setImmediate(() => {
  console.log('immediate 1');
  setImmediate(() => console.log('immediate 2'));
});
