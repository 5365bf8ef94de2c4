setImmediate(() => { console.log('i1'); setTimeout(() => console.log('t'), 0); setImmediate(() => { console.log('i2'); setImmediate(() => console.log('i3')); }); });
