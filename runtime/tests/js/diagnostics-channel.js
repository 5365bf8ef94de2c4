const dc = require('diagnostics_channel');
const { AsyncLocalStorage } = require('async_hooks');
const ch = dc.channel('one');
console.log(ch.hasSubscribers, dc.hasSubscribers('one'), ch === dc.channel('one'), ch instanceof dc.Channel);
const sub = (message, name) => console.log('got', message, name);
dc.subscribe('one', sub);
ch.publish({ a: 1 });
console.log(ch.hasSubscribers, dc.unsubscribe('one', sub), dc.unsubscribe('one', sub), ch.hasSubscribers);
const als = new AsyncLocalStorage();
ch.bindStore(als, (data) => ({ wrapped: data }));
ch.runStores(7, () => console.log('store', als.getStore()));
console.log(als.getStore());
const tc = dc.tracingChannel('work');
const handlers = {};
for (const name of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) handlers[name] = (c) => console.log(name, Object.keys(c).join());
tc.subscribe(handlers);
console.log(tc.traceSync((x) => x + 1, {}, null, 1));
try { tc.traceSync(() => { throw new Error('no'); }); } catch (e) { console.log(e.message); }
tc.tracePromise(async () => 5).then((v) => {
  console.log('promise', v);
  tc.traceCallback((cb) => setImmediate(cb, null, 'r'), 0, {}, null, (err, r) => console.log('callback', err, r));
});
try { dc.channel(5); } catch (e) { console.log(e.code); }
