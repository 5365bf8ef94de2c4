// Teaches: timers that are due together run together; an immediate set by the first waits for check.
// Predict: what is printed, and is it always the same?
setTimeout(() => { console.log('a'); setImmediate(() => console.log('immediate')); }, 1);
setTimeout(() => console.log('b'), 2);
