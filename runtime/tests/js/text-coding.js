// StringDecoder, TextEncoder, TextDecoder, and searches that end early.
const T=(f)=>{try{console.log(String(f).slice(4),'=>',f())}catch(e){console.log(String(f).slice(4),'!!',e.name,e.code,e.message)}};
const b=Buffer.from('abcabcabc');
T(()=>b.indexOf('c',0,2)); T(()=>b.indexOf('c',0,3)); T(()=>b.indexOf('c',3,9,'utf8'));T(()=>b.lastIndexOf('c',8,5));T(()=>b.includes('c',0,2));T(()=>b.indexOf('c',0,-1)); T(()=>b.indexOf('c',-4,7));T(()=>b.lastIndexOf('c',-4,4));T(()=>b.indexOf('c',-99,2)); T(()=>b.indexOf(99,0,2)); T(()=>b.indexOf(Buffer.from('bc'),0,2));T(()=>b.indexOf(Buffer.from('bc'),0,3));
const {StringDecoder}=require('string_decoder');
for (const enc of ['utf8','utf16le','base64','base64url','hex','latin1','ascii',undefined]) { const d=new StringDecoder(enc); const src=Buffer.from('aé€😀z\ud83d'+'q'); const out=[]; for (const x of src) out.push(d.write(Buffer.from([x]))); out.push(d.end()); console.log(enc,d.encoding,JSON.stringify(out)); }
{const d=new StringDecoder('utf8'); console.log(JSON.stringify([d.write(Buffer.from([0xff,0xc3])), d.write(Buffer.from([0x41])), d.write(Buffer.from([0xe1,0x80,0xe1])), d.write(Buffer.from([0xed,0xa0])), d.write(Buffer.from([0x80])), d.end()]));}
T(()=>new StringDecoder('nope')); T(()=>new StringDecoder(5)); T(()=>new StringDecoder('utf8').write(5)); T(()=>new StringDecoder('UTF-8').encoding);T(()=>new StringDecoder('binary').encoding);T(()=>StringDecoder.name+StringDecoder.length);
const enc=new TextEncoder();
T(()=>enc.encode('aé€😀\ud800')); T(()=>enc.encodeInto('aé€',new Uint8Array(4))); T(()=>enc.encoding); T(()=>enc.encode()); T(()=>enc.encode(null)); T(()=>enc.encodeInto(5,new Uint8Array(1))); T(()=>enc.encodeInto('x',5)); T(()=>TextEncoder());
for (const [l,o] of [['utf-8'],['UTF8',{fatal:true}],['utf-16le'],['latin1'],['ascii'],['utf-8',{ignoreBOM:true}]]) T(()=>{const d=new TextDecoder(l,o); return [d.encoding,d.fatal,d.ignoreBOM,d.decode(new Uint8Array([0xef,0xbb,0xbf,0x61,0xc3,0xa9])),d.decode()].join('|')});
T(()=>new TextDecoder('nope')); T(()=>new TextDecoder('utf-8',{fatal:true}).decode(new Uint8Array([0xff]))); T(()=>new TextDecoder().decode('x')); T(()=>new TextDecoder().decode(new Uint8Array([0x80,0x85]).buffer)); T(()=>new TextDecoder('windows-1252').decode(new Uint8Array([0x80,0x85,0xe9])));
T(()=>{const d=new TextDecoder(); return [d.decode(new Uint8Array([0xe2,0x82]),{stream:true}),d.decode(new Uint8Array([0xac]),{stream:true}),d.decode(new Uint8Array([0xe2])),d.decode(new Uint8Array([0x61]))].join('|')});
T(()=>{const d=new TextDecoder('utf-16le'); return [d.decode(new Uint8Array([0x3d,0xd8]),{stream:true}),d.decode(new Uint8Array([0,0xde]))].join('|')});
T(()=>Object.prototype.toString.call(enc)+Object.prototype.toString.call(new TextDecoder()));
T(()=>new TextDecoder()); T(()=>enc);
T(()=>typeof globalThis.Buffer+typeof Buffer.from+Object.keys(globalThis).includes('atob')+Object.keys(globalThis).includes('Buffer'));
T(()=>{globalThis.btoa=5;return btoa});
T(()=>[0xc0,0x80,0xe0,0x9f,0x41,0xf4,0x90,0x80,0x80].length+Buffer.from([0xc0,0x80,0xe0,0x9f,0x41,0xf4,0x90,0x80,0x80]).toString());
T(()=>Buffer.from([0xf0,0x9f,0x98,0x41,0xe2,0x82,0xf0,0x9f]).toString());
T(()=>require('buffer').constants); T(()=>require('node:buffer')===require('buffer'));T(()=>require('buffer').Buffer===Buffer);T(()=>require('util').inspect(Buffer.from('x')));
T(()=>Buffer.from('test').buffer.byteLength>=4); T(()=>Buffer.alloc(3).buffer.byteLength); T(()=>{ const x=Buffer.from([1,2,3]); x.buffer; return new Uint8Array(x.buffer,x.byteOffset,x.length)});
T(()=>Buffer.from('abc') instanceof Uint8Array); T(()=>Buffer.from('é').at(0)); T(()=>Buffer.from('abc').subarray(1).byteOffset>=1); T(()=>Buffer.from('a,b').toString().split(',')); 
T(()=>{class B extends Buffer.from('').constructor{}; return 1});
T(()=>Buffer.from(new Proxy([1,2],{}))); T(()=>Buffer.from(Object.assign([1,2],{valueOf(){return 'x'}})));T(()=>Buffer.from(new String('abc'),'hex'));T(()=>Buffer.from(new SharedArrayBuffer(2)));
T(()=>Buffer.from('abc').toString('base64url'));T(()=>Buffer.from('Zm9v\u{1F600}YmFy','base64').toString());T(()=>Buffer.from('==','base64'));T(()=>Buffer.from('A','base64'));T(()=>Buffer.from('AB','base64'));T(()=>Buffer.from('AB=C','base64'));
