// createHook and promises: init with parents, before and after, promiseResolve, ids in callbacks.
const { createHook, executionAsyncId } = require('async_hooks');
const fs = require('fs');
const seen = [];
const hook = createHook({
  init(id, type, trigger) { if (type === 'PROMISE') seen.push(['init', id, trigger]); },
  before(id) { seen.push(['before', id]); },
  after(id) { seen.push(['after', id]); },
  promiseResolve(id) { seen.push(['resolve', id]); },
});
hook.enable();
const base = executionAsyncId();
let root;
const p = new Promise((resolve) => { root = resolve; });
const q = p.then(() => executionAsyncId());
async function waits() {
  await null;
  await q;
}
waits();
root(1);
q.then((id) => {
  hook.disable();
  const ids = new Map();
  const name = (id) => {
    if (!ids.has(id)) ids.set(id, ids.size);
    return ids.get(id);
  };
  name(base);
  for (const [what, ...rest] of seen) fs.writeSync(1, `${what} ${rest.map(name).join(' ')}\n`);
  fs.writeSync(1, `${name(id)}\n`);
});
