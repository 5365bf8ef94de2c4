// path.posix and path.win32 over a grid of paths; each entry gets `side`, which gives the modules of one implementation.
const paths = ['', '.', '..', '/', '//', '///', 'a', 'a/', '/a', '//a', '///a', 'a/b', '/a/b', '/a/b/', '//a/b', 'a//b', 'a/./b', 'a/../b', '../a', '../../a', './a', './', '../', 'a/..', 'a/b/../..', '/..', '/../a', '/../../a/b/..', 'a/b/c/../../../../d', '.a', '.a.b', 'a.b', 'a.b.', 'a..b', '...', '..a', 'a.', '.', 'a.b/', 'a.b//', '/a.b/c', '/.a', '/a/.b', 'file.ext', '/x/file.ext', 'file.tar.gz', 'a\\b', '\\', '\\\\', '\\a', '\\\\a', '\\\\a\\b', '\\\\a\\b\\', '\\\\a\\b\\c', '\\\\a\\b\\c\\', '\\\\.\\a', '\\\\?\\a\\b', '\\\\.\\', '\\\\?\\C:\\a', 'C:', 'c:\\', 'C:a', 'C:\\a', 'C:/a', 'C:\\a\\', 'C:\\a\\..', 'C:..', 'C:.', 'C:..\\a', 'C:\\..\\a', 'C:\\a\\b.txt', 'C:a.b', 'D:\\x', 'c:/x/../y', '//server/share', '//server/share/file', '//server/share/..', '//server//share', '//server/', '//server', '\\\\server\\share\\dir\\..\\f', 'a:b', './c:', 'x/../c:/a', 'x\\..\\c:', 'CON', 'COM1:', 'con:x', 'a/CON:', 'a\\..\\NUL:', 'NUL:..\\..\\x', 'C:\\\\a', '\\\\\\a\\b', 'a b', 'ünï/cödé.ß', ' /a', 'a/ ', '/a/b/c/d', '/a/b/x/y', '/a/bb', '/A/B', 'C:\\A\\B', 'C:\\a\\c', '\\\\A\\B\\x', 'test\\..\\c:', '.\\..\\COM1:', 'a\n', '\0'];
const bad = [undefined, null, 1, true, {}, [], () => {}, Symbol('x')];
const out = [];
for (const kind of ['posix', 'win32']) {
  for (const method of ['normalize', 'isAbsolute', 'dirname', 'basename', 'extname', 'parse', 'toNamespacedPath', 'join', 'resolve']) {
    for (const p of paths) out.push(() => [(side) => side('path')[kind][method](p)]);
    for (const p of bad) out.push(() => [(side) => side('path')[kind][method](p)]);
  }
  for (const p of paths) for (const q of paths) {
    out.push(() => [(side) => side('path')[kind].join(p, q)]);
    out.push(() => [(side) => side('path')[kind].resolve(p, q)]);
    out.push(() => [(side) => side('path')[kind].relative(p, q)]);
  }
  for (const p of paths) for (const s of ['', 'a', '.b', '.ext', 'b', '/', 'a.b', '.txt', 'file.ext']) out.push(() => [(side) => side('path')[kind].basename(p, s)]);
  for (const o of [{}, { dir: '/a', base: 'b' }, { root: '/', base: 'b' }, { root: '/', dir: '/', base: 'b' }, { name: 'n', ext: 'e' }, { name: 'n', ext: '.e' }, { dir: 'd', name: 'n' }, { root: 'C:\\', dir: 'C:\\x', base: 'y' }, { base: 'b', name: 'n', ext: '.e' }, { dir: '' }, { ext: 'x' }, null, 1, 'x', []]) out.push(() => [(side) => side('path')[kind].format(o)]);
}
for (const p of bad) out.push(() => [(side) => side('path').relative('a', p)], () => [(side) => side('path').basename('a', p)], () => [(side) => side('path').join('a', p)], () => [(side) => side('path').resolve('a', p)], () => [(side) => side('path').relative(p, 'a')]);
module.exports = out;
