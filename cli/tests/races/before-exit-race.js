let revived = false;
process.on('beforeExit', () => {
  console.log('beforeExit');
  if (revived) return;
  revived = true;
  setTimeout(() => console.log('timeout'), 1);
  setImmediate(() => console.log('immediate'));
});
