// Teaches: a Timeout is an object. refresh() starts it over without a new one; unref() lets
// the process end without waiting for it; hasRef() says which; it even has a number for names.
// Predict: which labels are printed, and what ends the process?
const label = (text) => () => console.log(text);

const background = setTimeout(label('background: never, nobody waits for it'), 60000).unref();
console.log('background keeps the process alive:', background.hasRef());

const watchdog = setTimeout(label('watchdog: bites once, after the last refresh'), 100);
setTimeout(() => watchdog.refresh(), 50);
setTimeout(label('work: done while the watchdog waits'), 120);

const again = setTimeout(() => {
  console.log('again: ran, refreshed once');
  if (!again.ran) again.refresh();
  again.ran = true;
}, 10);

const byNumber = setTimeout(label('byNumber: never'), 10);
clearTimeout(+byNumber);
console.log('a Timeout turns into a number:', typeof +byNumber);
