const tag = (s, ...v) => s.raw.map((r, i) => `${r}<${s[i]}>{${v[i] ?? ''}}`).join('');
console.log(tag`a${1}b\n${2}\u0041`);
const same = () => ((s) => s)`x${0}`; console.log(String(same() === same()), String(Object.isFrozen(same())), String(Array.isArray(same().raw)));
console.log(String(((s) => s[0])`\unicode`), ((s) => s.raw[0])`\unicode and \xerxes`);
console.log(String.raw`a\tb${1 + 1}\u`, `multi
line`, `nested ${`in ${'ner'}`}`);
const o = { t(s) { return this.v + s[0]; }, v: 'this' }; console.log(o.t`!`, o['t']`?`, (() => (s) => s[0])()`call`);
console.log(((s, ...r) => String(s.length) + r.length)``);
