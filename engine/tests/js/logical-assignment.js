let a = null, b = 0, c = 1; a ??= 'A'; b ||= 'B'; c &&= 'C'; console.log(a + b + c);
const log = []; const o = { get x() { log.push('get'); return this._x; }, set x(v) { log.push('set'); this._x = v; } };
o.x ??= 1; o.x ??= 2; o.x ||= 3; o.x &&= 4; console.log(log.join(), String(o.x));
const k = () => (log.length = 0, log.push('key'), 'p'); const q = {}; q[k()] ||= 'v'; console.log(q.p, log.join());
let f; f ??= () => {}; console.log(f.name); const frozen = Object.freeze({ z: 1 }); (function () { 'use strict'; frozen.z ||= 2; try { frozen.z &&= 2; } catch (e) { console.log(e.message); } })();
const k1 = 1; k1 ||= 2; console.log(String(k1)); try { k1 &&= 2; } catch (e) { console.log(e.message); }
let x = 2; x **= 10; x >>>= 1; x %= 100; x <<= 2; x |= 1; x ^= 3; console.log(String(x)); let s = 'a'; s += 1 + 2; console.log(s);
