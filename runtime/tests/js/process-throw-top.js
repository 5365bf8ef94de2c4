process.on('exit', (c) => console.log('exit', c)); setImmediate(() => console.log('never')); console.log('before'); throw new TypeError('top level');
