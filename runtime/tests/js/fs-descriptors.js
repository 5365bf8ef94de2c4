// Operations on open files, with every form of their arguments.
const fs = require('fs'), fsp = fs.promises, path = require('path'), util = require('util');
const dir = path.join(fs.realpathSync(process.env.TMPDIR || '/tmp'), 'looplab-fds-' + process.pid);
fs.mkdirSync(dir); const home = process.cwd(); process.chdir(dir); process.on('exit', () => { process.chdir(home); fs.rmSync(dir, { recursive: true, force: true }); });
const plain = (v) => typeof v === 'string' ? v.replaceAll(dir, '<dir>') : v;
const log = (...a) => console.log(...a.map(plain));
const T = (f) => { const n = String(f).slice(4); try { log(n, '=>', plain(f())); } catch (e) { log(n, '!!', e.name, e.code, e.errno, e.syscall, plain(e.path), plain(e.dest), plain(e.message)); } };
fs.writeFileSync('a','0123456789');
const fd=fs.openSync('a','r+');
const buf=Buffer.alloc(6);
T(()=>fs.readSync(fd,buf));T(()=>buf.toString());T(()=>fs.readSync(fd,buf));T(()=>fs.readSync(fd,buf));
T(()=>fs.readSync(fd,buf,1,2,3)+buf.toString());T(()=>fs.readSync(fd,buf,{offset:2,length:2,position:0})+buf.toString());T(()=>fs.readSync(fd,buf,0,0,0));T(()=>fs.readSync(fd,buf,0,7,0));T(()=>fs.readSync(fd,buf,7));T(()=>fs.readSync(fd,buf,-1));T(()=>fs.readSync(fd,buf,0,-1));T(()=>fs.readSync(fd,buf,0,1,'x'));T(()=>fs.readSync(fd,buf,0,1,-2));T(()=>fs.readSync(fd,buf,0,1,5n));T(()=>fs.readSync(fd,'x'));T(()=>fs.readSync('x',buf));T(()=>fs.readSync(fd));T(()=>fs.readSync(fd,new Uint16Array(2),0,4,0));T(()=>fs.readSync(fd,Buffer.alloc(0)));T(()=>fs.readSync(fd,buf,null,null,0));T(()=>fs.readSync(fd,buf,undefined,undefined,1.5));
T(()=>fs.writeSync(fd,'AB',0));T(()=>fs.writeSync(fd,'é',2,'latin1'));T(()=>fs.writeSync(fd,Buffer.from('xyz'),1,1,4));T(()=>fs.writeSync(fd,Buffer.from('xyz'),{offset:2,position:6}));T(()=>fs.writeSync(fd,'end'));T(()=>fs.readFileSync('a','latin1'));T(()=>fs.writeSync(fd,5));T(()=>fs.writeSync(fd,Buffer.from('a'),2));T(()=>fs.writeSync(fd,Buffer.from('a'),0,2));T(()=>fs.writeSync(fd,Buffer.from('a'),-1));T(()=>fs.writeSync(fd,'a','x'));T(()=>fs.writeSync(fd));T(()=>fs.writeSync(fd,'68','0','hex'));T(()=>fs.writeSync(9999,'a'));
T(()=>fs.fstatSync(fd).size);T(()=>fs.fstatSync(9999));T(()=>fs.fstatSync());T(()=>fs.ftruncateSync(fd,4));T(()=>fs.readFileSync('a','latin1'));T(()=>fs.ftruncateSync(fd));T(()=>fs.fstatSync(fd).size);T(()=>fs.fsyncSync(fd));T(()=>fs.fdatasyncSync(fd));T(()=>fs.fchmodSync(fd,0o600));T(()=>fs.futimesSync(fd,1,2));T(()=>fs.fstatSync(fd).mtimeMs);
T(()=>fs.writevSync(fd,[Buffer.from('ab'),Buffer.from('cde')],0));T(()=>{const x=[Buffer.alloc(2),Buffer.alloc(4)];return [fs.readvSync(fd,x,0),x.join('|')]});T(()=>fs.readvSync(fd,5));T(()=>fs.writevSync(fd,['x']));T(()=>fs.writevSync(fd,[Buffer.from('Q')]));
T(()=>fs.readFileSync(fd,'utf8'));T(()=>fs.writeFileSync(fd,'zz'));T(()=>fs.appendFileSync(fd,'yy'));T(()=>fs.readFileSync('a','utf8'));
T(()=>fs.closeSync(fd));T(()=>fs.closeSync(fd));T(()=>fs.readSync(fd,buf));T(()=>fs.closeSync());
T(()=>{const r=fs.openSync('a');try{return fs.writeSync(r,'x')}finally{fs.closeSync(r)}});T(()=>{const r=fs.openSync('a','w');try{return fs.readSync(r,buf)}finally{fs.closeSync(r)}});
T(()=>{const r=fs.openSync('a');try{return fs.ftruncateSync(r,1)}finally{fs.closeSync(r)}});
for (const fl of ['r','r+','rs','w','wx','w+','a','ax','a+','as','xx',fs.constants.O_RDWR|fs.constants.O_CREAT, -5, 'rw','R', null, undefined, {}]) { const nm='fl_'+String(fl).replace(/\W/g,'_'); T(()=>{fs.writeFileSync('base','x'); const x=fs.openSync('base',fl); fs.closeSync(x); return [nm,fs.readFileSync('base','utf8')]}); }
T(()=>fs.openSync('newf','wx',0o600)>2);T(()=>(fs.statSync('newf').mode&0o777).toString(8));T(()=>fs.openSync('a','r','zz'));T(()=>fs.openSync('.', 'w'));T(()=>fs.readFileSync('/proc/self/comm').length>0);T(()=>fs.readFileSync('/dev/null'));T(()=>fs.openSync());
T(()=>fs.fstatSync(1).constructor.name);T(()=>fs.writeSync(1,'direct\n'));T(()=>fs.statfsSync('/').bsize>0);T(()=>Object.keys(fs.statfsSync('/',{bigint:true})));T(()=>fs.chownSync('a','x'));T(()=>fs.lchownSync('a',0,-2));
const big=Buffer.alloc(3*1024*1024+7,'abc');T(()=>fs.writeFileSync('big',big));T(()=>fs.readFileSync('big').equals(big));T(()=>fs.readFileSync('big','utf8').length);

T(()=>new fs.Dirent('n',1,'p'));T(()=>new fs.Dirent('n',2,'p').isDirectory());

