// Teaches: what looplab leaves out, as its simulated world (--virtual) shows it: computing takes no time there, file work
// never bypasses the pool, and there are no other processes. On the real machine the last line is `child: ended`.
// Predict: what does the last line say under `looplab trace --virtual`?
const fs = require('fs');
const { execFile } = require('child_process');

let sum = 0;
for (let k = 0; k < 1_000; k++) sum += k;
console.log('sum', sum);

fs.stat(__filename, (error, stats) => {
    console.log('stat', stats.isFile());
    try {
        execFile('true', () => console.log('child: ended'));
    } catch (problem) {
        console.log('child:', problem.message);
    }
});
