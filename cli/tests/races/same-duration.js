setTimeout(() => console.log('a'), 1);
setTimeout(() => console.log('b'), 1);
setImmediate(() => console.log('immediate'));
