// Teaches: top-level await pauses the module, not the loop; and a module that waits for
// something that can never come ends with exit code 13.
// Predict: what is printed before the process gives up?
import { setTimeout as sleep } from 'node:timers/promises';

setImmediate(() => console.log('the loop goes on'));
console.log(await sleep(20, 'slept for 20 ms'));
process.on('exit', (code) => console.log(`exit with code ${code}`));
await new Promise(() => {}); // nothing keeps the loop alive any more
console.log('this line never runs');
