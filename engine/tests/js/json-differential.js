// JSON: random values there and back, damaged texts and their messages, revivers.
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
let seed=99; const rnd=(n)=>{seed=(seed*1103515245+12345)&0x7fffffff; return (seed>>8)%n;};
const str=()=>{let s='';const n=rnd(12);for(let i=0;i<n;i++)s+=['a','"','\\','\n','\u0001','é','漢','\ud800','\udc00','😀','/','\u2028','z'][rnd(13)];return s};
const gen=(d)=>{const k=rnd(d>4?7:11);switch(k){case 0:return rnd(1000)-500;case 1:return rnd(1e6)/1e3;case 2:return str();case 3:return null;case 4:return rnd(2)==0;case 5:return undefined;case 6:return [NaN,-0,1e300,1e-7,123456789012,-2147483648,Infinity][rnd(7)];case 7:case 8:{const a=[];const n=rnd(6);for(let i=0;i<n;i++)a.push(gen(d+1));return a}
 default:{const o={};const n=rnd(6);for(let i=0;i<n;i++)o[rnd(4)?'k'+rnd(8):rnd(2)?rnd(5):str()]=gen(d+1);return o}}};
for(let i=0;i<1200;i++){const v=gen(0);const sp=[undefined,undefined,2,'\t','   ',20][rnd(6)];const rep=[undefined,undefined,['k1','k2',1,'k3'],(k,v)=>typeof v==='number'?v+1:v][rnd(4)];
 const t=JSON.stringify(v,rep,sp);P(i,t);if(t!==undefined){const b=JSON.parse(t);const u=JSON.stringify(b);P(u===JSON.stringify(v,rep)?'same':u);
  // mutate text
  for(let z=0;z<3;z++){const at=rnd(t.length+1);const c=['',',','}',']','"','x','1','\\','\n','{',':','e','-','.','\u0000'][rnd(15)];const mt=t.slice(0,at)+c+t.slice(at+rnd(3));try{P('ok',JSON.stringify(JSON.parse(mt)))}catch(e){P(e.name,e.message)}}
  if(rnd(4)==0){const log=[];try{const r=JSON.parse(t,function(k,v,c){log.push(k+'='+c.source);if(rnd(9)==0)return undefined;if(rnd(12)==0)return {n:1};if(rnd(12)==0&&Array.isArray(this))this.length=rnd(4);return v});P(log.join('|'),JSON.stringify(r));}catch(e){P(e.message)}}
 }}
class K{constructor(){this.a=1;this.b=[new Date(0)];} toJSON(k){return {k,s:1}}} P(JSON.stringify({x:new K,y:[new K]}));
const o={a:1,b:2,c:{toJSON(){delete o.d;o.e=5;o.b=7;return 'c'}},d:4};P(JSON.stringify(o));
const o2={get a(){return 1},b:2,[Symbol('x')]:1};Object.defineProperty(o2,'h',{value:1});P(JSON.stringify(o2));
P(JSON.stringify(new Proxy({a:1,b:[1]},{})),JSON.stringify(new Proxy([1,2],{})),JSON.stringify(Object.assign([1],{x:1})),JSON.stringify(new Map([[1,2]])),JSON.stringify(Object.create({z:1})),JSON.stringify([new Error('x')]),JSON.stringify({__proto__:null,a:1}));
const dd={};for(let i=0;i<300;i++)dd['p'+i]=i;delete dd.p5;P(JSON.stringify(dd).length,JSON.stringify(JSON.parse(JSON.stringify(dd)))===JSON.stringify(dd));
P(Object.keys(JSON.parse('{"b":1,"a":2,"1":3,"0":4,"__proto__":5,"b":6}')).join(),JSON.parse('{"__proto__":5}').__proto__);
P(JSON.parse('  [1 , 2 ]  ').length, JSON.parse('"\\u0041\\n"'), JSON.parse('1e5'), JSON.parse('-0'), Object.is(JSON.parse('-0'),-0), JSON.parse('12345678901234567890'), JSON.parse('0.1'), JSON.parse('1E-2'));
console.log('end: ' + lines + ' ' + sum);
