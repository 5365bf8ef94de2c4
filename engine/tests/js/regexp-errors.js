for (const [p, f] of [['(', ''], ['[', ''], ['*', ''], ['a', 'gg'], ['a', 'x'], ['(?<n>a)(?<n>b)', ''], ['\\', ''], ['a{2,1}', ''], ['(?<1>a)', ''], ['\\k<x>', 'u'], ['{1}', 'u'], ['\\p{Foo}', 'u'], [')', ''], ['[b-a]', ''], ['(?', '']])
  try { new RegExp(p, f); console.log('ok ' + p); } catch (e) { console.log(e.name + ': ' + e.message); }
try { 'a'.matchAll(/a/); } catch (e) { console.log(e.message); }
try { 'a'.replaceAll(/a/, ''); } catch (e) { console.log(e.message); }
try { RegExp.prototype.exec.call({}, 'a'); } catch (e) { console.log(e.message); }
try { 'a'.startsWith(/a/); } catch (e) { console.log(e.message); }
console.log(String(/a{,5}/.test('a{,5}')), String(/\c/.test('\\c')), String(/]/.test(']')), String(/\8/.test('8')));
