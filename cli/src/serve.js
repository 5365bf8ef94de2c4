// looplab serve DIR: a file server for development, itself a program of the runtime: ranges, conditional requests, caching headers.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.htm': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8', '.json': 'application/json',
  '.map': 'application/json', '.txt': 'text/plain; charset=utf-8', '.md': 'text/markdown; charset=utf-8', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.gif': 'image/gif', '.webp': 'image/webp', '.ico': 'image/x-icon',
  '.wasm': 'application/wasm', '.pdf': 'application/pdf', '.xml': 'application/xml', '.mp4': 'video/mp4', '.webm': 'video/webm',
  '.mp3': 'audio/mpeg', '.woff2': 'font/woff2', '.woff': 'font/woff', '.zip': 'application/zip', '.gz': 'application/gzip',
};
const CHUNK = 64 * 1024;

function options(args) {
  const out = { root: '.', port: 8000, host: '127.0.0.1', maxAge: 0, quiet: false };
  const rest = [...args];
  const number = (flag, text, max) => {
    const n = Number(text);
    if (text === undefined || text === '' || !Number.isInteger(n) || n < 0 || n > max) fail(`${flag} takes a number up to ${max}`);
    return n;
  };
  let named = false;
  while (rest.length) {
    const arg = rest.shift();
    const [flag, inline] = arg.startsWith('--') && arg.includes('=') ? [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)] : [arg];
    const value = () => inline ?? rest.shift();
    if (flag === '--port' || flag === '-p') out.port = number(flag, value(), 65535);
    else if (flag === '--host') out.host = value() ?? fail('--host takes an address');
    else if (flag === '--max-age') out.maxAge = number(flag, value(), 31536000);
    else if (flag === '--quiet' || flag === '-q') out.quiet = true;
    else if (flag.startsWith('-')) fail(`bad option: ${flag}`);
    else if (named) fail('one directory at a time');
    else [out.root, named] = [flag, true];
  }
  return out;
}

function fail(problem) {
  console.error(`looplab: serve: ${problem}`);
  process.exit(9);
}

// The file a request means; null when it would lie outside of the root.
function target(root, url) {
  let name;
  try {
    name = decodeURIComponent(url.split(/[?#]/, 1)[0]);
  } catch {
    return null;
  }
  if (!name.startsWith('/') || name.includes('\0')) return null;
  const file = path.join(root, path.posix.normalize(name));
  return file === root || file.startsWith(root.endsWith('/') ? root : `${root}/`) ? file : null;
}

// One range of a size: [first, last], 'all', or 'none' when it can't be satisfied.
function rangeOf(header, size) {
  const m = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!m || (m[1] === '' && m[2] === '')) return 'all';
  if (m[1] === '') return m[2] === '0' || size === 0 ? 'none' : [Math.max(0, size - Number(m[2])), size - 1];
  const first = Number(m[1]);
  const last = m[2] === '' ? size - 1 : Math.min(Number(m[2]), size - 1);
  if (m[2] !== '' && Number(m[2]) < first) return 'all';
  return first < size ? [first, last] : 'none';
}

function unchanged(req, etag, modified) {
  const tags = req.headers['if-none-match'];
  if (tags !== undefined) return tags === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''));
  const since = Date.parse(req.headers['if-modified-since'] ?? '');
  return Number.isFinite(since) && Math.floor(modified / 1000) * 1000 <= since;
}

function text(res, status, message, headers = {}) {
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(message), ...headers });
  res.end(res.req.method === 'HEAD' ? undefined : message);
}

const escaped = (t) => t.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

async function listing(res, folder, url) {
  const entries = await fs.promises.readdir(folder, { withFileTypes: true });
  const names = entries.map((e) => e.name + (e.isDirectory() ? '/' : '')).sort();
  const rows = names.map((n) => `<li><a href="${escaped(encodeURIComponent(n).replace('%2F', '/'))}">${escaped(n)}</a></li>`);
  const page = `<!doctype html><meta charset="utf-8"><title>${escaped(url)}</title><h1>${escaped(url)}</h1><ul>${rows.join('')}</ul>\n`;
  res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': Buffer.byteLength(page), 'Cache-Control': 'no-cache' });
  res.end(res.req.method === 'HEAD' ? undefined : page);
}

// A part of a file, a chunk at a time, no faster than the client takes it.
async function send(res, handle, first, last) {
  for (let at = first; at <= last && !res.destroyed;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(CHUNK, last - at + 1)), 0, Math.min(CHUNK, last - at + 1), at);
    if (bytesRead === 0) throw new Error('the file became shorter');
    at += bytesRead;
    if (!res.write(buffer.subarray(0, bytesRead))) {
      await new Promise((resolve) => {
        const done = () => {
          res.off('drain', done);
          res.off('close', done);
          resolve();
        };
        res.on('drain', done);
        res.on('close', done);
      });
    }
  }
  res.end();
}

async function serve(req, res, { root, maxAge }) {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    text(res, 405, 'method not allowed\n', { Allow: 'GET, HEAD' });
    return;
  }
  let file = target(root, req.url);
  if (file === null) {
    text(res, 400, 'bad path\n');
    return;
  }
  let stats = await fs.promises.stat(file);
  // Links may lead out of the root; their target counts.
  const real = await fs.promises.realpath(file);
  if (real !== root && !real.startsWith(root.endsWith('/') ? root : `${root}/`)) {
    text(res, 403, 'forbidden\n');
    return;
  }
  if (stats.isDirectory()) {
    const [name, query = ''] = req.url.split(/(?=\?)/);
    if (!name.endsWith('/')) {
      text(res, 301, 'moved\n', { Location: `${name.replace(/^\/+/, '/')}/${query}` });
      return;
    }
    const index = path.join(file, 'index.html');
    const found = await fs.promises.stat(index).catch(() => null);
    if (!found?.isFile()) {
      await listing(res, file, decodeURIComponent(name));
      return;
    }
    [file, stats] = [index, found];
  }
  if (!stats.isFile()) {
    text(res, 403, 'not a file\n');
    return;
  }
  const etag = `"${stats.size.toString(16)}-${Math.floor(stats.mtimeMs).toString(16)}"`;
  const headers = {
    'Content-Type': TYPES[path.extname(file).toLowerCase()] ?? 'application/octet-stream',
    'ETag': etag,
    'Last-Modified': new Date(stats.mtimeMs).toUTCString(),
    'Cache-Control': maxAge > 0 ? `public, max-age=${maxAge}` : 'no-cache',
    'Accept-Ranges': 'bytes',
    'X-Content-Type-Options': 'nosniff',
  };
  if (unchanged(req, etag, stats.mtimeMs)) {
    delete headers['Content-Type'];
    res.writeHead(304, headers);
    res.end();
    return;
  }
  const condition = req.headers['if-range'];
  const fresh = condition === undefined || condition === etag || condition === headers['Last-Modified'];
  const range = fresh ? rangeOf(req.headers.range, stats.size) : 'all';
  if (range === 'none') {
    text(res, 416, 'range not satisfiable\n', { 'Content-Range': `bytes */${stats.size}` });
    return;
  }
  const [first, last] = range === 'all' ? [0, stats.size - 1] : range;
  if (range !== 'all') headers['Content-Range'] = `bytes ${first}-${last}/${stats.size}`;
  headers['Content-Length'] = last - first + 1;
  if (req.method === 'HEAD') {
    res.writeHead(range === 'all' ? 200 : 206, headers);
    res.end();
    return;
  }
  const handle = await fs.promises.open(file);
  try {
    res.writeHead(range === 'all' ? 200 : 206, headers);
    await send(res, handle, first, last);
  } finally {
    await handle.close();
  }
}

const settings = options(process.argv.slice(1));
try {
  settings.root = fs.realpathSync(settings.root);
  if (!fs.statSync(settings.root).isDirectory()) fail(`${settings.root} is not a directory`);
} catch (error) {
  fail(error.message);
}
const server = http.createServer((req, res) => {
  res.on('close', () => {
    if (!settings.quiet) console.log(`${res.statusCode} ${req.method} ${req.url}`);
  });
  serve(req, res, settings).catch((error) => {
    if (res.headersSent) res.destroy(error);
    else if (error.code === 'ENOENT' || error.code === 'ENOTDIR') text(res, 404, 'not found\n');
    else if (error.code === 'EACCES') text(res, 403, 'forbidden\n');
    else text(res, 500, `${error.message}\n`);
  });
});
server.on('error', (error) => fail(error.message));
server.listen(settings.port, settings.host, () => {
  const { address, family, port } = server.address();
  console.log(`serving ${settings.root} at http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`);
});
