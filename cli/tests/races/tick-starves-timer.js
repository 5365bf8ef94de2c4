let n = 0;
setTimeout(() => console.log('timeout'), 1);
setImmediate(() => console.log('immediate'));
(function tick() { if (n++ < 2000) process.nextTick(tick); })();
