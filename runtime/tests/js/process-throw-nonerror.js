process.on('exit', (c) => console.log('exit', c)); setTimeout(() => { throw { not: 'an error' }; }, 1); setTimeout(() => console.log('never'), 10);
