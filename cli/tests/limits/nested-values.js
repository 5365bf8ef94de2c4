// Values nested a hundred thousand deep.
for (const s of ['[', '{"a":', '[{"a":', '"', '-']) { try { JSON.parse(s.repeat(1e5)); console.log('ran'); } catch (e) { console.log(e.name, e.message.slice(0, 80)); } }
let deep = '['.repeat(1e5) + ']'.repeat(1e5);
try { const v = JSON.parse(deep); console.log(Array.isArray(v)); try { console.log(JSON.stringify(v).length); } catch (e) { console.log(e.name, e.message); } } catch (e) { console.log(e.name, e.message.slice(0, 60)); }
try { JSON.parse(deep, (k, v) => v); console.log('revived'); } catch (e) { console.log(e.name, e.message.slice(0, 60)); }
let o = {}; for (let i = 0; i < 1e5; i++) o = { o };
try { console.log(JSON.stringify(o).length); } catch (e) { console.log(e.name, e.message.slice(0, 60)); }
try { console.log(structuredClone(o) !== o); } catch (e) { console.log(e.name, e.message.slice(0, 60)); }
console.log(require('util').inspect(o).length);
try { console.log(require('util').inspect(o, { depth: Infinity }).length > 0); } catch (e) { console.log(e.name, e.message.slice(0, 60)); }
let a = []; for (let i = 0; i < 1e5; i++) a = [a];
for (const f of [() => a.flat(Infinity).length, () => String(a).length, () => a.join().length, () => require('assert').deepStrictEqual(a, [a]), () => require('util').isDeepStrictEqual(a, structuredClone(a)), () => new Map([[a, a]]).size, () => require('v8') && Object.freeze(a) === a]) try { console.log(f()); } catch (e) { console.log(e.name, e.message.slice(0, 60)); }
process.on('exit', () => console.log('survived'));
