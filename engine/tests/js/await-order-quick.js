// Awaits that could be answered at once must still take their turn: nothing that waits may be overtaken, and whatever scripts
// have changed about promises is seen.
const log = [];
const say = (...a) => log.push(a.join(' '));
async function val(v) { return v; }
async function worker(name, n) {
  for (let i = 0; i < n; i++) { say(name, i); await (i % 2 ? val(i) : i); }
  return name;
}
class MyPromise extends Promise {}
async function main() {
  // Alone in the queue.
  for (let i = 0; i < 3; i++) say('alone', await i, await val(i));
  // Two at a time take turns.
  await Promise.all([worker('a', 4), worker('b', 4)]);
  // A callback that is queued between two awaits comes before the second.
  Promise.resolve().then(() => say('then'));
  await 0;
  say('after then');
  Promise.resolve().then(() => Promise.resolve().then(() => say('inner')));
  await val(1);
  say('one turn');
  await val(2);
  say('two turns');
  // Rejections, thenables, subclasses.
  try { await Promise.reject(new Error('no')); } catch (e) { say('caught', e.message); }
  say('thenable', await { then(f) { say('then called'); f('got'); } });
  say('subclass', await MyPromise.resolve('sub'), MyPromise.resolve(1) instanceof MyPromise);
  const odd = Promise.resolve('odd');
  odd.constructor = function Other() {};
  say('own constructor', await odd);
  Object.defineProperty(Promise.prototype, 'constructor', { get() { say('constructor read'); return Promise; }, configurable: true });
  say('getter', await Promise.resolve('g'));
  Object.defineProperty(Promise.prototype, 'constructor', { value: Promise, writable: true, configurable: true });
  // Async generators and for await resume by other ways.
  async function* gen() { for (let i = 0; i < 3; i++) { await i; yield i; } }
  for await (const x of gen()) { say('yielded', x); await x; }
  // The caller gets its promise before an async function called from a resumed one goes on.
  const order = [];
  const f = async () => { order.push('f1'); await 0; order.push('f2'); };
  const p = f();
  order.push('called');
  await p;
  say(order.join());
  return 'end';
}
main().then((v) => { say(v); console.log(log.join('\n')); });
