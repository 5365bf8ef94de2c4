console.log(String(JSON.parse('1e3')), JSON.parse('"\\u0041\\n\\/"'), JSON.stringify(JSON.parse(' {"a" : [1, -2.5e-3, true, null], "__proto__": 1, "a": 2 } ')), String(Object.is(JSON.parse('-0'), -0)), Object.keys(JSON.parse('{"b":1,"2":1,"a":1,"1":1}')).join());
console.log(JSON.stringify(JSON.parse('{"a":[1,2,{"b":3}],"c":4}', (k, v) => (typeof v === 'number' ? v + 1 : v))), JSON.stringify(JSON.parse('[1,2,3]', (k, v) => (k === '1' ? undefined : v))), JSON.stringify(JSON.parse('{"x":1,"y":2}', function (k, v) { return k === 'x' ? undefined : v; })));
for (const t of ['', '{', '[1,]', '{"a":1,}', '{a:1}', "{'a':1}", '01', '1.', '"\n"', 'nul', '[1 2]', '{"a" 1}', '"\\x"', 'undefined', '{"a":1}x', '"abc', '[', '-', '1e', '"\\u12"', '\u00a01', 'tru', '{"a":', '[1,2', ' ', '{"longer": "text here to see the context", "bad": oops, "more": "text after it"}'])
  try { JSON.parse(t); console.log('ok ' + t); } catch (e) { console.log(e.name + ': ' + e.message); }
for (const v of [undefined, null, {}, [1], Symbol.iterator]) try { console.log(JSON.stringify(JSON.parse(v))); } catch (e) { console.log(e.name + ': ' + e.message); }
console.log(Object.prototype.toString.call(JSON));
