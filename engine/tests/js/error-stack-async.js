const base = (s) => s.split('\n').filter((l) => l.includes('error-stack-async.js') || !l.includes('    at ')).map((l) => l.replace(/\(?[^( ]*error-stack-async\.js/, (m) => (m.startsWith('(') ? '(' : '') + 'error-stack-async.js')).join('\n');
async function inner() { await null; throw new Error('async'); }
async function outer() { await inner(); }
const o = { async method() { await outer(); } };
(async function main() { try { await o.method(); } catch (e) { console.log(base(e.stack)); } try { await Promise.all([inner()]); } catch (e) { console.log(base(e.stack)); } })();
