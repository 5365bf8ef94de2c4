// Array.prototype on arrays of every kind, with arguments of every kind.
// Every 250 lines of a long pseudo-random run are printed as a checksum; run with `const DETAIL = true` to compare lines.
'use strict';
const DETAIL = false;
let lines = 0;
let sum = 5381;
function P(...parts) {
  const line = parts.map(String).join(' ');
  if (DETAIL) return console.log(line);
  for (let i = 0; i < line.length; i++) sum = (Math.imul(sum, 33) ^ line.charCodeAt(i)) | 0;
  if (++lines % 250 === 0) console.log(lines + ': ' + sum);
}
const S=(x)=>{ // structural text with holes, undefined
  if (Array.isArray(x)) { let r=[]; for(let i=0;i<x.length;i++) r.push(i in x? S(x[i]):'<hole>'); return '['+r.join(',')+']'+(x.constructor!==Array?x.constructor.name:''); }
  if (x===undefined) return 'undefined'; if (Object.is(x,-0)) return '-0';
  if (typeof x==='string') return JSON.stringify(x); if (typeof x==='function') return 'fn'; if (typeof x==='symbol') return String(x);
  if (x instanceof Map) return 'Map'+S([...x]); if (x instanceof Set) return 'Set'+S([...x]);
  if (x && typeof x==='object') return '{'+Object.keys(x).map(k=>k+':'+S(x[k])).join(',')+'}';
  return String(x);
};
let seed=12345; const rnd=(n)=>{seed=(seed*1103515245+12345)&0x7fffffff; return seed%n;};
const vals=[()=>rnd(20)-10,()=>rnd(100)/7,()=>'s'+rnd(30),()=>undefined,()=>null,()=>true,()=>NaN,()=>-0,()=>[rnd(5)],()=>'é'+rnd(9),()=>'漢'+rnd(9),()=>1e21];
const kinds=[
  ()=>{const n=rnd(12);const a=[];for(let i=0;i<n;i++)a.push(vals[rnd(vals.length)]());return a},
  ()=>{const n=rnd(40);const a=[];for(let i=0;i<n;i++)a.push(rnd(100)-50);return a},
  ()=>{const n=rnd(12);const a=new Array(n);for(let i=0;i<n;i++)if(rnd(2))a[i]=vals[rnd(vals.length)]();return a},
  ()=>{const n=rnd(30);const a=[];for(let i=0;i<n;i++)a.push('k'+rnd(50));return a},
  ()=>{const o={length:rnd(10)};for(let i=0;i<10;i++)if(rnd(3))o[i]=vals[rnd(vals.length)]();return o},
  ()=>{const a=[1,2,3];a[5000]=7;a.length=5003;return a},
  ()=>Object.freeze([3,1,2]), ()=>Object.seal([3,,2]), ()=>Object.preventExtensions([1,2]),
  ()=>{class X extends Array{}; const x=new X(); x.push(3,1,2); return x},
  ()=>{const a=[3,2,1];Object.defineProperty(a,1,{get(){return 99},set(v){},configurable:true});return a},
];
const ri=()=>rnd(16)-8;
const ops=[
 ['push',()=>[vals[rnd(vals.length)](),1].slice(0,rnd(3))],['pop',()=>[]],['shift',()=>[]],['unshift',()=>[1,'x'].slice(0,rnd(3))],
 ['splice',()=>[ri(),rnd(5),'a','b','c'].slice(0,rnd(6))],['slice',()=>[ri(),ri()].slice(0,rnd(3))],['concat',()=>[[1,,2],3,[[4]]].slice(0,rnd(4))],
 ['indexOf',()=>[vals[rnd(vals.length)](),ri()].slice(0,1+rnd(2))],['lastIndexOf',()=>[vals[rnd(vals.length)](),ri()].slice(0,1+rnd(2))],['includes',()=>[vals[rnd(vals.length)](),ri()].slice(0,1+rnd(2))],
 ['join',()=>[',','é','漢',undefined].slice(rnd(4))],['reverse',()=>[]],['sort',()=>[]],['sort',()=>[(a,b)=>(a>b)-(a<b)]],['sort',()=>[(a,b)=>b-a]],
 ['fill',()=>[9,ri(),ri()].slice(0,1+rnd(3))],['copyWithin',()=>[ri(),ri(),ri()].slice(0,1+rnd(3))],['flat',()=>[rnd(3)]],['flatMap',()=>[x=>[x,x]]],
 ['map',()=>[(x,i)=>S(x)+i]],['filter',()=>[(x,i)=>i%2]],['every',()=>[x=>x]],['some',()=>[x=>x==='s3']],['find',()=>[x=>x>3]],['findIndex',()=>[x=>x>3]],['findLast',()=>[x=>x>3]],['findLastIndex',()=>[x=>x>3]],
 ['reduce',()=>[(a,x)=>(S(a)+S(x)).slice(-40)]],['reduceRight',()=>[(a,x)=>(S(a)+S(x)).slice(-40),'']],['toReversed',()=>[]],['toSorted',()=>[]],['toSorted',()=>[(a,b)=>a<b?-1:a>b?1:0]],['toSpliced',()=>[ri(),rnd(4),'q','r'].slice(0,rnd(5))],['with',()=>[ri(),'W']],['at',()=>[ri()]],['keys',()=>[]],['entries',()=>[]],['values',()=>[]],['toString',()=>[]],['toLocaleString',()=>[]],['forEach',()=>[function(x){this&&this.push&&this.push(1)},[]]],
];
let out=[];
for(let i=0;i<5000;i++){
  const o=kinds[rnd(kinds.length)](); const [name,mk]=ops[rnd(ops.length)]; const args=mk(); const before=Array.isArray(o)&&o.length<100?S(o):'big';
  let r; try{ r=Array.prototype[name].apply(o,args); if(r&&typeof r.next==='function') r=[...r]; r=S(r);}catch(e){r=e.name+': '+e.message}
  if(r.length>400) r=r.length+':'+r.slice(0,50)+r.slice(-50);
  let after=Array.isArray(o)?(o.length<100?S(o):o.length+S(o.slice(0,6))):S(o);
  P(i,name,before,S(args),'->',r,'|',after);
}
console.log('end: ' + lines + ' ' + sum);
