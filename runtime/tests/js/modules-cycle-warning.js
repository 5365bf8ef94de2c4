// What a module of a cycle asks of unfinished exports, and the errors of cycles through ES modules.
const fs = require('fs');
const os = require('os');
const path = require('path');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'cycle-'));
const write = (name, text) => fs.writeFileSync(path.join(dir, name), text);
process.on('warning', (warning) => console.log(warning.name, warning.code, warning.message.replaceAll(dir, 'DIR')));
process.removeAllListeners('warning').on('warning', (warning) => console.log(warning.name, warning.code, warning.message.replaceAll(dir, 'DIR')));

write('a.js', 'exports.early = 1; exports.b = require("./b.js"); exports.late = 2;');
write('b.js', 'const a = require("./a.js"); exports.seen = [a.early, a.late, a.__esModule, String(a.toString).length > 0];');
const a = require(path.join(dir, 'a.js'));
console.log(a.b.seen, Object.getPrototypeOf(a) === Object.prototype);

fs.mkdirSync(path.join(dir, 'pkg'));
write('pkg/package.json', '{ "main": "nowhere.js" }');
write('pkg/index.js', 'module.exports = "index";');
console.log(require(path.join(dir, 'pkg')));

const tell = (error) => console.log(error.code, error.message.replaceAll(dir, 'DIR'));
write('x.mjs', 'import y from "./y.cjs"; export default y;');
write('y.cjs', 'module.exports = require("./x.mjs");');
try { require(path.join(dir, 'y.cjs')); } catch (error) { tell(error); }
write('p.mjs', 'import { createRequire } from "module"; export const q = createRequire(import.meta.url)("./q.cjs");');
write('q.cjs', 'module.exports = require("./p.mjs");');
write('wait.mjs', 'await 1; export default 1;');
write('scope.mjs', 'require("fs");');
write('data.json', '{ "n": 1 }');
(async () => {
  await import(path.join(dir, 'p.mjs')).catch(tell);
  await import(path.join(dir, 'scope.mjs')).catch((error) => console.log(String(error)));
  await import(path.join(dir, 'wait.mjs'));
  try { require(path.join(dir, 'wait.mjs')); } catch (error) { console.log(error.code); }
  const url = `file://${dir}/data.json`;
  for (const type of ['css', undefined, 'json']) await import(url, { with: type ? { type } : {} }).then((m) => console.log(m.default), tell);
  await import(url, { with: { type: 'json', other: 'x' } }).catch(tell);
  const { default: data } = await import(url, { with: { type: 'json' } });
  console.log(data === require(path.join(dir, 'data.json')));
  const { default: other } = await import(`${url}?again`, { with: { type: 'json' } });
  console.log(data === other);
  fs.rmSync(dir, { recursive: true });
  console.log((await import(url, { with: { type: 'json' } })).default === data);
})();
