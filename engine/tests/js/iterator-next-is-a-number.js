const it=(n,o)=>({[Symbol.iterator](){return o??{next:n}}});
for(const n of [0,5,-1,1e9,undefined,null,'x']) for(const o of [undefined,[1,2,3],new Map([[1,2]])]) { if(o) o.next=n;
 for(const f of [()=>[...it(n,o)],()=>{for(const x of it(n,o));},()=>{const [a,...b]=it(n,o)},()=>Math.max(...it(n,o)),()=>new Set(it(n,o)),()=>{(function*(){yield* it(n,o)})().next()},()=>Array.from(it(n,o)),()=>{let a;[a]=it(n,o)}])
 try{ const r=f(); console.log('no error', JSON.stringify(r)) }catch(e){ console.log(e.name) } }
