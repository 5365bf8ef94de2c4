// Dir: iteration, reading by hand, closing.
const fs = require('fs'), fsp = fs.promises, path = require('path'), util = require('util');
const dir = path.join(fs.realpathSync(process.env.TMPDIR || '/tmp'), 'looplab-dir-' + process.pid);
fs.mkdirSync(dir); const home = process.cwd(); process.chdir(dir); process.on('exit', () => { process.chdir(home); fs.rmSync(dir, { recursive: true, force: true }); });
const plain = (v) => typeof v === 'string' ? v.replaceAll(dir, '<dir>') : v;
const log = (...a) => console.log(...a.map(plain));
fs.mkdirSync('d');for(let i=0;i<70;i++)fs.writeFileSync('d/f'+i,'');
(async()=>{let n=0;for await(const e of fs.opendirSync('d')){n++;if(n===1)console.log(e.constructor.name,e.parentPath,e.isFile())}console.log(n);
const d=await fs.promises.opendir('d');console.log(d.path,d.constructor.name,(await d.read()).isFile());let m=1;while(await d.read())m++;console.log(m);await d.close();try{await d.read()}catch(e){console.log(e.name,e.code,e.message)};try{d.closeSync()}catch(e){console.log(e.name,e.code,e.message)};
for await(const e of await fs.promises.opendir('d')){console.log('break');break}
const x=fs.opendirSync('d');let k=0;while(x.readSync())k++;console.log(k,x.readSync());x.closeSync();
fs.opendir('nope',(e)=>{console.log(e.code,e.syscall,e.message);fs.opendir('d',(e,dd)=>dd.read((e,ent)=>{console.log(e,ent.constructor.name);dd.close(e=>console.log('closed',e))}))});

console.log(await Promise.all([1,2,3].map(()=>1)));
})();
