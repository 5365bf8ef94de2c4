// A hundred thousand proxies around each other, bound functions, prototypes; and proxies that are their own handlers.
let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {});
for (const [n, f] of Object.entries({ get: () => p.x, set: () => { p.x = 1; }, has: () => 'x' in p, del: () => delete p.x, keys: () => Object.keys(p), proto: () => Object.getPrototypeOf(p), ext: () => Object.isExtensible(p), json: () => JSON.stringify(p), str: () => String(p), forin: () => { for (const k in p); }, isArray: () => Array.isArray(p), inst: () => p instanceof Object, freeze: () => Object.freeze(p), spread: () => ({ ...p }), desc: () => Object.getOwnPropertyDescriptor(p, 'x'), define: () => Object.defineProperty(p, 'y', { value: 1 }), setproto: () => Object.setPrototypeOf(p, null), inspect: () => require('util').inspect(p).length })) {
  try { const v = f(); console.log(n, typeof v); } catch (e) { console.log(n, e.name, e.message.slice(0, 60)); }
}
let f = function () {}; for (let i = 0; i < 1e5; i++) f = new Proxy(f, {});
for (const [n, g] of Object.entries({ call: () => f(), new: () => new f(), apply: () => Reflect.apply(f, 1, []), inst: () => ({}) instanceof f, typeof: () => typeof f })) try { g(); console.log(n, 'ran'); } catch (e) { console.log(n, e.name, e.message.slice(0, 60)); }
let b = function () { return 1; }; for (let i = 0; i < 1e5; i++) b = b.bind(null);
try { console.log('bound', b()); } catch (e) { console.log('bound', e.name, e.message); }
try { new b(); console.log('new bound ran'); } catch (e) { console.log('new bound', e.name, e.message); }
try { console.log(b.name.length); } catch (e) { console.log(e.name); }
let o = {}; for (let i = 0; i < 1e5; i++) o = Object.create(o);
try { console.log('chain', o.x, 'x' in o, o instanceof Array, Object.prototype.isPrototypeOf.call(Object.prototype, o)); o.x = 1; for (const k in o); } catch (e) { console.log('chain', e.name, e.message); }
const h = {}; const q = new Proxy({}, h); Object.setPrototypeOf(h, q);
try { q.x; console.log('ran'); } catch (e) { console.log('self handler', e.name, e.message); }
const c = {}; const cp = new Proxy({}, {}); Object.setPrototypeOf(c, cp); try { Object.setPrototypeOf(cp, c); c.zzz; console.log('ran'); } catch (e) { console.log('cycle', e.name, e.message); }
process.on('exit', () => console.log('survived'));
