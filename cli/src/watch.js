// looplab --watch FILE: runs the program in a process of its own, and runs it again when a file changes that it has loaded.
const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const { inspect } = require('util');

const { args, shown, paths, preserve } = JSON.parse(process.argv[1]);
const DEBOUNCE = 200;

const color = (code, text) => (process.stdout.isTTY && process.stdout.hasColors() ? `\u001b[${code}m${text}\u001b[39m` : text);
const say = (code, text) => process.stdout.write(`${color(code, text)}\n`);

// Folders are watched rather than files: an editor may put a new file in the place of the old one.
const watchers = new Map();
const files = new Set();

function watchFolder(folder, recursive, wanted) {
  if (watchers.has(folder)) return;
  try {
    watchers.set(folder, fs.watch(folder, { recursive }, (event, name) => {
      if (name !== null && wanted(path.join(folder, String(name)))) changed();
    }));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function watchFile(file) {
  if (files.has(file)) return;
  files.add(file);
  if (paths.length === 0) watchFolder(path.dirname(file), false, (name) => files.has(name));
}

let child;
let timer;
let restarting = false;

function start() {
  files.clear();
  child = spawn(process.execPath, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, WATCH_REPORT_DEPENDENCIES: '1' },
  });
  const mine = child;
  child.on('message', (message) => {
    if (mine !== child) return;
    for (const file of message?.['watch:require'] ?? []) watchFile(file);
  });
  child.on('exit', (code) => {
    if (mine !== child) return;
    child = undefined;
    if (restarting) {
      restarting = false;
      again();
    } else {
      say(code === 0 ? 32 : 31, `${code === 0 ? 'Completed' : 'Failed'} running ${inspect(shown)}. Waiting for file changes before restarting...`);
    }
  });
}

function again() {
  if (!preserve) process.stdout.write('\u001bc');
  say(32, `Restarting ${inspect(shown)}`);
  start();
}

function changed() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (child === undefined) {
      again();
    } else if (!restarting) {
      restarting = true;
      child.kill('SIGTERM');
    }
  }, DEBOUNCE);
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    const ended = () => process.exit(128 + (signal === 'SIGINT' ? 2 : 15));
    if (child === undefined) ended();
    child.once('exit', ended);
    child.kill(signal);
  });
}
for (const name of paths) {
  const full = path.resolve(name);
  if (fs.statSync(full).isDirectory()) watchFolder(full, true, () => true);
  else watchFolder(path.dirname(full), false, (file) => file === full);
}
start();
// Waiting for files, not for the child, is what this process is for.
setInterval(() => {}, 2 ** 30);
