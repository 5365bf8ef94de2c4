// Source text nested a hundred thousand deep, opened and never closed, or closed: an error or a result.
for (const s of ['(', '[', '{', 'x=>', '!', '-', 'a?', 'a=', '`${', 'if(1)', 'a:', 'new ', '[[a]=', 'function f(){', 'class A{static{', '1+', 'a.', 'a(', '({a:', 'for(;;)', 'async()=>', 'await ', 'typeof ', '/(', 'a,', '"', "'", '/*', 'try{', 'do ', 'switch(1){case ', 'while(1)', 'label:', 'yield ', '...', '@', '#', 'import(', '${', 'let [', 'with(a)']) {
  for (const n of [1e5]) {
    try { eval(s.repeat(n)); console.log(JSON.stringify(s), 'ran'); } catch (e) { console.log(JSON.stringify(s), e.name, e.message.slice(0, 60)); }
  }
}
for (const [s, t] of [['(', ')'], ['[', ']'], ['{', '}'], ['(x=>', ')'], ['`${', '}`'], ['function f(){', '}'], ['a?', ':1'], ['[', ']=1'], ['class A{static{', '}}'], ['if(1){', '}'], ['try{', '}finally{}'], ['({a:', '})'], ['f(', ')']]) {
  try { eval(s.repeat(1e5) + '1' + t.repeat(1e5)); console.log(JSON.stringify(s), 'ran'); } catch (e) { console.log(JSON.stringify(s), e.name, e.message.slice(0, 60)); }
}
for (const op of ['+', '*', '&&', '||', '??', ',', '**', '.a', '[0]', '()', '?.a', '==', '|', ' in ', ' instanceof ']) {
  const t = op.startsWith('.') || op === '[0]' || op === '()' || op === '?.a' ? 'a' + op.repeat(1e5) : '1' + (op + '1').repeat(1e5);
  try { const f = Function('a', 'return ' + t); let r; try { r = f({}); } catch (e) { r = e.name + ' ' + e.message.slice(0, 50); } console.log(JSON.stringify(op), 'compiled', String(r).slice(0, 60)); } catch (e) { console.log(JSON.stringify(op), e.name, e.message.slice(0, 60)); }
}
process.on('exit', () => console.log('survived'));
