// Teaches: the two process events about rejections. 'unhandledRejection' fires when the
// queues are empty and nobody has caught it; 'rejectionHandled' when somebody does later.
// With a listener for the first the process lives on.
// Predict: the order of the four lines.
process.on('unhandledRejection', (reason, promise) => {
  console.log('unhandled:', reason.message, promise === late);
});
process.on('rejectionHandled', (promise) => {
  console.log('handled after all:', promise === late);
});

const late = Promise.reject(new Error('slow to be caught'));

setImmediate(() => {
  console.log('immediate: attaching the catch now');
  late.catch((error) => console.log('caught:', error.message));
});
