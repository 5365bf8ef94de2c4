// Teaches: a callback may cancel a sibling that is due in the very same phase, or even
// itself; clearing twice or clearing nothing is harmless.
// Predict: which of 1 to 6 appear?
const until = Date.now() + 20;

setTimeout(() => {
  console.log('timer 1 cancels timer 2');
  clearTimeout(second);
}, 5);
const second = setTimeout(() => console.log('timer 2'), 5);
const third = setInterval(() => {
  console.log('timer 3, an interval, cancels itself');
  clearInterval(third);
  clearInterval(third);
}, 5);

setImmediate(() => {
  console.log('immediate 4 cancels immediate 5');
  clearImmediate(fifth);
});
const fifth = setImmediate(() => console.log('immediate 5'));
setImmediate(() => console.log('immediate 6'));

clearTimeout(undefined);
while (Date.now() < until); // the timers are due before the loop starts
