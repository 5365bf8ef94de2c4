// Teaches: when nothing is left to do, 'beforeExit' fires; if a listener schedules work the
// loop lives again, and 'beforeExit' comes again. 'exit' comes once, at the very end.
// Predict: how often does 'beforeExit' fire?
let lives = 3;

process.on('beforeExit', (code) => {
  console.log(`beforeExit with code ${code}, ${lives} left`);
  if (lives-- > 0) setTimeout(() => console.log('  revived'), 1);
});

process.on('exit', () => console.log('exit'));

setImmediate(() => console.log('the last piece of planned work'));
