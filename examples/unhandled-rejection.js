// Teaches: a rejection that nobody handles ends the process with exit code 1. Node decides
// after the tick and promise queues are empty, before the next phase: so a catch attached by
// a nextTick is early enough, and one attached by an immediate is too late.
// Predict: which of the two rejections ends the process, and does the immediate run?
const rescued = Promise.reject(new Error('rescued in time'));
process.nextTick(() => {
  rescued.catch((error) => console.log('caught:', error.message));
});

const lost = Promise.reject(new Error('caught too late'));
setImmediate(() => {
  lost.catch(() => console.log('too late: this never runs'));
});

process.on('exit', (code) => console.log('exit code', code));
