// Teaches: Node keeps one list for each duration and looks at whole lists, not at single
// timers. A list that is due is run as far as it is due before another list gets its turn:
// so a timer may overtake one that was due earlier.
// Predict: sort the three lines by the time they are due; then see what really happens.
function busy(ms) {
  const until = Date.now() + ms;
  while (Date.now() < until);
}

setTimeout(() => console.log('10 ms timer, set at 0, due at 10'), 10);
busy(5);
setTimeout(() => console.log(' 7 ms timer, set at 5, due at 12'), 7);
setTimeout(() => console.log('10 ms timer, set at 5, due at 15'), 10);
busy(30); // all three are due when the loop first looks
