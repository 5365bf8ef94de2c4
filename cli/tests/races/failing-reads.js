// Answers of steps that fail may come in any order, within one poll too.
const fs = require('fs');
setImmediate(() => console.log('immediate'));
for (const name of ['a', 'b']) fs.readFile(`/no/such/${name}`, (error) => console.log(name, error.code));
