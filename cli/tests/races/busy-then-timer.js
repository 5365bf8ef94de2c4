setTimeout(() => console.log('timeout'), 1);
setImmediate(() => console.log('immediate'));
const end = Date.now() + 5;
while (Date.now() < end);
