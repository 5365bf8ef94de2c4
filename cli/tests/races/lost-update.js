const fs = require('fs').promises;
let sum = 0;
const add = async (n) => { const before = sum; await fs.stat(__filename); sum = before + n; };
Promise.all([add(1), add(2)]).then(() => console.log(sum));
