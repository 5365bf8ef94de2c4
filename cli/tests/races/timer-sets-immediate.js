setTimeout(() => { console.log('a'); setImmediate(() => console.log('immediate')); }, 1);
setTimeout(() => console.log('b'), 2);
