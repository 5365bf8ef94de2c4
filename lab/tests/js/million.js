// Fills a recording of a million events: timers, immediates, ticks, promises and files, with statements. Its argument: how many rounds.
const fs = require('fs');
const rounds = Number(process.argv[2] ?? 40000);
let n = 0;
async function work(k) { let x = 0; for (let i = 0; i < 5; i++) x += await i; return x + k; }
function round() {
  n++;
  process.nextTick(() => { n += 0; });
  setTimeout(() => work(n), n % 5);
  if (n % 20 === 0) fs.stat(__filename, () => {});
  if (n < rounds) setImmediate(round);
}
round();
