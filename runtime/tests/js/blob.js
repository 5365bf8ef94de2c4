// Blob and File.
const t=async(l,f)=>{try{console.log(l,await f())}catch(e){console.log(l,'!',e.name,e.code,e.message)}};
(async()=>{
const b=new Blob(['a',new Uint8Array([98,99]),new Blob(['d']),'é\r\n'],{type:'Text/Plain',endings:'native'}); console.log(b,b.size,b.type,[b],{a:{b:{c:b}}});
await t('text',()=>b.text()); await t('ab',()=>b.arrayBuffer()); await t('bytes',()=>b.bytes()); await t('slice',()=>b.slice(1,3,'X/Y')); await t('slicetext',()=>b.slice(-3).text()); await t('sl2',()=>b.slice(5,2).size);
await t('e1',()=>new Blob(1)); await t('e2',()=>new Blob('a')); await t('e3',()=>new Blob(null)); await t('e4',()=>new Blob([],1)); await t('e5',()=>new Blob([],{endings:'x'})); await t('e6',()=>new Blob([1,null,{}]).text()); await t('e7',()=>new Blob(undefined).size); await t('type',()=>new Blob([],{type:'\u00e9'}).type); await t('this',()=>Blob.prototype.text.call({})); await t('this2',()=>Reflect.get(Blob.prototype,'size',{}));
const f=new File(['x'],'n.txt',{lastModified:5,type:'a/b'}); console.log(f,f.name,f.lastModified,f instanceof Blob); await t('f1',()=>new File([])); await t('f2',()=>new File([],'a').lastModified>1e12);
await t('clone',()=>structuredClone({b,f})); await t('ctext',()=>structuredClone(b).text());
const { resolveObjectURL, Blob: B2 } = require('buffer'); const u=URL.createObjectURL(b); await t('url',()=>[u.startsWith('blob:nodedata:'),resolveObjectURL(u).size,B2===Blob]); URL.revokeObjectURL(u); await t('rev',()=>resolveObjectURL(u)); await t('badurl',()=>URL.createObjectURL({}));
console.log(Object.getOwnPropertyNames(Blob.prototype), Object.getOwnPropertyNames(File.prototype), Object.prototype.toString.call(b));
})();
