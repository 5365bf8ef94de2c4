// Teaches: an interval counts from the *start* of its callback, so 15 ms of work fit into a
// 40 ms interval; and runs missed while the thread was busy are not made up for.
// Predict: how many runs fit, when one of them blocks for 3 intervals?
const starts = [];

function busy(ms) {
  const until = Date.now() + ms;
  while (Date.now() < until);
}

const interval = setInterval(() => {
  starts.push(Date.now());
  if (starts.length === 1) busy(15);
  if (starts.length === 2) busy(120);
  if (starts.length < 4) return;
  clearInterval(interval);
  const gaps = starts.slice(1).map((t, i) => t - starts[i]);
  console.log('runs:', starts.length);
  console.log('never early:', gaps.every((gap) => gap >= 39));
  console.log('the blocked run was followed by one run, late:', gaps[1] >= 120);
}, 40);
