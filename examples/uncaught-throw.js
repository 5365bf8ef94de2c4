// Teaches: without an 'uncaughtException' listener a throw in a callback ends the process:
// 'exit' listeners still run, 'beforeExit' doesn't, later callbacks don't, exit code 1.
// Predict: which of the four console.log calls are reached?
process.on('beforeExit', () => console.log('beforeExit'));
process.on('exit', (code) => console.log(`exit with code ${code}`));

setTimeout(() => {
  console.log('about to throw');
  null.length;
}, 1);

setTimeout(() => console.log('a later timer'), 50);
