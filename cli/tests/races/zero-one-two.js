setTimeout(() => console.log('two'), 2);
setTimeout(() => console.log('zero'), 0);
setTimeout(() => console.log('one'), 1);
setImmediate(() => console.log('immediate'));
