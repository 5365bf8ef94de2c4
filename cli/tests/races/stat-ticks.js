const fs = require('fs');
for (const name of ['a', 'b']) fs.stat(__filename, () => { console.log(name); process.nextTick(() => console.log(name, 'tick')); Promise.resolve().then(() => console.log(name, 'promise')); });
