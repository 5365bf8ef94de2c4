setTimeout(() => { console.log('a'); setTimeout(() => console.log('a2'), 1); }, 1);
setTimeout(() => console.log('b'), 2);
