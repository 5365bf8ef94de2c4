const fs = require('fs').promises;
const loop = async (name) => { for (let i = 0; i < 2; i++) { await fs.stat(__filename); console.log(name, i); } };
loop('a'); loop('b');
