var b=new Uint8Array([1,2,3]); var out=[]; for (const x of b) out.push(x); console.log(out.join(), [...b.entries()].join('|'), [...b.keys()].join(), Array.from(b).join(), String(b), Object.keys(b).join());
console.log(Array.prototype.map.call(b,x=>x*2).join(), Object.entries(b).join(';'), b.toLocaleString(), Math.max(...b), Object.isFrozen(b));
try{Object.freeze(b)}catch(e){console.log(e.message)}
'use strict';
try{(function(){'use strict'; delete b[0]})()}catch(e){console.log(e.message)}
try{Object.defineProperty(b,'5',{value:1})}catch(e){console.log(e.message)}
try{Object.defineProperty(b,'0',{value:1,configurable:false})}catch(e){console.log(e.message)}
try{Object.defineProperty(new Proxy({},{defineProperty:()=>false}),'0',{value:1})}catch(e){console.log(e.message)}
const p=new Proxy([1,2,3],{}); console.log(Array.isArray(p), p.length, p.map(x=>x+1).join(), [...p].join(), Object.keys(new Proxy({a:1,b:2},{})).join(), p.concat([4]).join());
const h=new Proxy({},{get:(t,k)=>typeof k==='symbol'?undefined:k}); console.log(`${h.foo}`, {...new Proxy({q:1},{})}.q);
for (const k in new Proxy({a:1,__proto__:{c:1}},{})) console.log(k);
class M{#x=1; static t(o){return #x in o}}; console.log(M.t(new Proxy(new M,{})));
Promise.resolve().then(()=>{const i=new Int32Array(new SharedArrayBuffer(8)); const r=Atomics.waitAsync(i,0,0); console.log(r.async); r.value.then(v=>console.log(v)); console.log(Atomics.notify(i,0))});
function f(){ return arguments.length+[...arguments].join() } console.log(f(1,2), Object.prototype.toString.call((function(){return arguments})()));
console.log(new Float64Array(3).fill(0.1).map((x,i)=>x*i).join(), new Uint8Array(1e6).fill(1).reduce((a,b)=>a+b));
