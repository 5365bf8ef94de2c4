// A timer set by a timer waits for the next timers phase; check comes before it.
setTimeout(() => { console.log('a'); setTimeout(() => console.log('a nested 0'), 0); setImmediate(() => console.log('a immediate')); }, 1);
setTimeout(() => console.log('b'), 1);
const end = Date.now() + 10; while (Date.now() < end);
