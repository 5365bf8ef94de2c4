// Map and Set: changes, walks and changes during walks, in a random order.
// Every 500 lines of a long pseudo-random run are printed as a checksum; run with `const DETAIL = true` to compare lines.
'use strict';
const DETAIL = false;
let lines = 0;
let sum = 5381;
function P(...parts) {
  const line = parts.map(String).join(' ');
  if (DETAIL) return console.log(line);
  for (let i = 0; i < line.length; i++) sum = (Math.imul(sum, 33) ^ line.charCodeAt(i)) | 0;
  if (++lines % 500 === 0) console.log(lines + ': ' + sum);
}
let seed=777; const rnd=(n)=>{seed=(seed*1103515245+12345)&0x7fffffff; return (seed>>8)%n;};
const objs=Array.from({length:10},(_, i)=>({i})); const sy=Symbol('q');
const key=()=>{const k=rnd(8); return k==0?rnd(40):k==1?'k'+rnd(40):k==2?objs[rnd(10)]:k==3?rnd(10)/2:k==4?BigInt(rnd(10)):k==5?[NaN,-0,0,undefined,null,sy,true][rnd(7)]:k==6?'漢'+rnd(10):'a'.repeat(30)+rnd(10)};
const T=(k)=>typeof k==='object'&&k?'o'+k.i:typeof k==='bigint'?k+'n':Object.is(k,-0)?'-0':typeof k==='string'?k.slice(-4):String(k);
let m=new Map(), s=new Set(); const its=[];
for(let i=0;i<15000;i++){
  const op=rnd(24);
  if(op<7){const k=key(); m.set(k,i); s.add(k);}
  else if(op<12){const k=key(); P(i,'del',T(k),m.delete(k),s.delete(k),m.size,s.size);}
  else if(op<15){const k=key(); P(i,'get',m.get(k),m.has(k),s.has(k));}
  else if(op==15 && rnd(60)==0){m.clear();s.clear();}
  else if(op==16 && its.length<20){its.push([m.entries(),s.values(),m.keys(),s.entries()][rnd(4)]);}
  else if(op<22 && its.length){const j=rnd(its.length);const r=its[j].next();P(i,'it',j,r.done,Array.isArray(r.value)?r.value.map(T).join():T(r.value)); if(r.done) its.splice(j,1);}
  else if(op==22 && rnd(50)==0){P([...m.keys()].map(T).join(' '));P([...s].map(T).join(' ')); const c=new Map(m),d=new Set(s); P(c.size,d.size,[...c.values()].join());}
  else if(op==23 && rnd(40)==0){let n=0; m.forEach((v,k)=>{ if(n++<300&&rnd(3)==0){m.delete(k); if(rnd(2)) m.set(key(),n);} }); P('fe',n,m.size);}
}
const A=new Set([1,2,3,4]),B=new Set([3,4,5]);
for(const f of ['union','intersection','difference','symmetricDifference','isSubsetOf','isSupersetOf','isDisjointFrom']) for (const [x,y] of [[A,B],[B,A],[A,A],[new Set,A],[A,new Set],[A,new Map([[1,2],[9,9]])]]) {const r=x[f](y);P(f,typeof r==='boolean'?r:[...r].join());}
P([...Map.groupBy([1,2,3,4,5],x=>x%2?'odd':'even')].map(e=>e[0]+':'+e[1].join('-')).join());
const wm=new WeakMap([[objs[0],1],[sy,2]]); P(wm.get(objs[0]),wm.get(sy),wm.has(objs[1]),wm.delete(sy),wm.has(sy));
P(String(new WeakRef(objs[1]).deref().i));
// queue pattern
const q=new Map();for(let i=0;i<200000;i++){q.set(i,i);if(q.size>1000)q.delete(q.keys().next().value);}P(q.size,q.keys().next().value);
// GC churn
let t=0;for(let i=0;i<3000;i++){const mm=new Map();for(let j=0;j<50;j++)mm.set('x'+j,{j});t+=mm.size;for(const [k,v] of mm)t+=v.j;}P(t);
console.log('end: ' + lines + ' ' + sum);
