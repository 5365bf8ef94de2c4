const fs = require('fs');
fs.open(__filename, (e, fd) => {
  console.log('open');
  fs.fstat(fd, () => console.log('fstat'));
  fs.read(fd, Buffer.alloc(4), 0, 4, 0, () => { console.log('read'); fs.close(fd, () => console.log('close')); });
});
