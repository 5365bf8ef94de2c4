const fs = require('fs').promises;
const read = async (name) => { await fs.readFile(__filename); return name; };
Promise.race([read('a'), read('b')]).then((first) => console.log('first', first));
