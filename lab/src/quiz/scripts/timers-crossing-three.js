// Teaches: a timer counts from the call that sets it; a pause between the calls lets the longer one be first.
// Predict: what is printed, and is it always the same?
setTimeout(() => console.log('3'), 3);
setTimeout(() => console.log('2'), 2);
setTimeout(() => console.log('1'), 1);
