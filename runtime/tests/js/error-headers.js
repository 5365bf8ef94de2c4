// The first lines of stacks: codes are in them, and they are made when somebody first asks.
const first = (f) => {
  try { f(); } catch (error) { console.log(error.stack.split('\n')[0], '|', String(error)); }
};
first(() => setTimeout());
first(() => process.chdir(1));
first(() => require('node:no-such-module'));
first(() => Buffer.alloc(3).swap16());
first(() => new (require('events'))().emit('error', { a: 1 }));
const later = new Error('one');
later.message = 'two';
console.log(later.stack.split('\n')[0]);
console.log(typeof Error.prepareStackTrace);
const { prepareStackTrace } = Error;
Error.prepareStackTrace = (error, sites) => `${error.message} with ${typeof sites[0].getLineNumber()}`;
console.log(new Error('mine').stack);
Error.prepareStackTrace = prepareStackTrace;
console.log(new TypeError('default').stack.split('\n')[0]);
new (require('events'))().on('error', (error) => console.log(error)).emit('error', 5);
