// A mixture: timers, immediates, fs, promises, ticks with some work in each.
const fs = require('fs');
let n = 0, sum = 0;
function work() { for (let i = 0; i < 200; i++) sum += i % 7; }
function onTimer() { work(); process.nextTick(work); Promise.resolve().then(work); }
function loop() { work(); if (++n < 4000) { setImmediate(loop); if (n % 4 === 0) setTimeout(onTimer, 1); } }
loop();
