// Teaches: readFileSync answers before the next line runs and nothing else can happen
// meanwhile; readFile asks the pool and answers in a later turn; the promise form answers
// as a promise callback, later still than this script.
// Predict: when do the ticks and the timer that is already due come?
const fs = require('fs');
const path = require('path');
const file = path.join(__dirname, 'data', 'poem.txt');

fs.readFile(file, 'utf8', (error, text) => {
  console.log('async read:', text.split('\n')[0]);
  fs.promises.readFile(file, 'utf8').then((again) => {
    console.log('promise read:', again.length === text.length ? 'same length' : 'different');
  });
  console.log('async callback ends');
});
process.nextTick(() => console.log('tick'));

const text = fs.readFileSync(file, 'utf8');
console.log('sync read:', text.split('\n').length - 1, 'lines');

fs.readFile(path.join(__dirname, 'data', 'missing.txt'), (error) => {
  process.on('exit', () => console.log('missing file:', error.code, error.syscall));
});
console.log('script ends');
