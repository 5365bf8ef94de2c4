// node:repl: reads lines, runs each as a script of the global scope (or of a context of its own), and shows what comes of it.
//
// Native helpers (`repl_native`): isIncomplete(code), withAwait(code), run(code, name, interruptible), mark(), explain(mark).

const { codes } = require('./errors');
const { Interface } = require('./readline_interface');
const { inspect } = require('./inspect');
const native = require('./repl_native');

const { defineProperty } = Object;

const REPL_MODE_SLOPPY = Symbol('repl-sloppy');
const REPL_MODE_STRICT = Symbol('repl-strict');

/** An error that more input may mend. */
class Recoverable extends SyntaxError {
  constructor(err) {
    super();
    this.err = err;
  }
}

const writer = (value) => inspect(value, { ...writer.options });
writer.options = { ...inspect.defaultOptions, showProxy: true };

let scripts = 0;

const HELP = {
  break: 'Sometimes you get stuck, this gets you out',
  clear: 'Alias for .break',
  editor: 'Enter editor mode',
  exit: 'Exit the REPL',
  help: 'Print this help message',
  load: 'Load JS from a file into the REPL session',
  save: 'Save all evaluated commands in this REPL session to a file',
  trace: 'Show what the last line did to the event loop',
};

class REPLServer extends Interface {
  #buffer = '';
  #history = [];
  #closing = false;
  #busy = false;
  #waiting = [];
  // Ends the await that the last line is in.
  #interrupt;
  // Lines of the editor mode.
  #edited = [];
  #ownPrompt = '> ';
  #mark;
  #last;
  #lastError;
  #keepUnderscore = true;
  #keepErrorUnderscore = true;

  constructor(prompt, stream, evaluate, useGlobal, ignoreUndefined, replMode) {
    const options = prompt !== null && typeof prompt === 'object' ? { ...prompt } : { prompt, eval: evaluate, useGlobal, ignoreUndefined, replMode };
    if (options.eval && options.breakEvalOnSigint) throw new codes.ERR_INVALID_REPL_EVAL_CONFIG();
    const input = options.input ?? stream?.stdin ?? stream ?? process.stdin;
    const output = options.output ?? stream?.stdout ?? stream ?? process.stdout;
    const terminal = options.terminal ?? output.isTTY;
    super({
      input,
      output,
      terminal,
      historySize: options.historySize,
      prompt: options.prompt ?? '> ',
      removeHistoryDuplicates: options.removeHistoryDuplicates,
      completer: (text, callback) => this.completer(text, callback),
    });
    // Ours is a method, which programs may replace.
    delete this.completer;
    this.inputStream = input;
    this.outputStream = output;
    this.useColors = options.useColors ?? (terminal && typeof output.getColorDepth === 'function' ? output.getColorDepth() > 2 : Boolean(terminal && output.isTTY));
    this.useGlobal = Boolean(options.useGlobal);
    this.ignoreUndefined = Boolean(options.ignoreUndefined);
    this.replMode = options.replMode ?? REPL_MODE_SLOPPY;
    this.breakEvalOnSigint = Boolean(options.breakEvalOnSigint);
    this.editorMode = false;
    this.lines = [];
    this.last = undefined;
    this.commands = { __proto__: null };
    this.eval = options.eval ?? ((code, context, file, callback) => this.#evaluate(code, context, file, callback));
    this.writer = options.writer ?? ((value) => inspect(value, { ...writer.options, colors: this.useColors }));
    if (options.completer) this.completer = options.completer.length === 2 ? options.completer : (text, callback) => callback(null, options.completer(text));
    for (const name of ['break', 'clear', 'editor', 'exit', 'help', 'load', 'save', 'trace']) {
      if (name === 'trace' && native.mark() === undefined) continue;
      this.defineCommand(name, { help: HELP[name], action: COMMANDS[name] });
    }
    this.resetContext();
    this.#mark = native.mark();
    this.on('line', (line) => this.#enqueue(line));
    this.on('close', () => this.#end());
    this.#listenForInterrupts();
    if (!options.eval || options.useGlobal) this.#catchErrors();
    this.displayPrompt();
  }

  // ---- the scope ----

  createContext() {
    if (this.useGlobal) return globalThis;
    const vm = require('vm');
    const context = vm.createContext();
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      if (Object.hasOwn(context, name) || name in vm.runInContext('globalThis', context)) continue;
      defineProperty(context, name, { __proto__: null, ...Object.getOwnPropertyDescriptor(globalThis, name) });
    }
    context.global = context;
    const { Module } = require('module');
    const module = new Module('<repl>');
    module.paths = Module._nodeModulePaths(process.cwd());
    defineProperty(context, 'module', { __proto__: null, configurable: true, writable: true, value: module });
    defineProperty(context, 'require', { __proto__: null, configurable: true, writable: true, value: module.require.bind(module) });
    return context;
  }

  resetContext() {
    this.context = this.createContext();
    this.#keepUnderscore = true;
    this.#keepErrorUnderscore = true;
    this.lines = [];
    this.#keep('_', () => this.#last, () => this.#keepUnderscore, () => { this.#keepUnderscore = false; });
    this.#keep('_error', () => this.#lastError, () => this.#keepErrorUnderscore, () => { this.#keepErrorUnderscore = false; });
    this.emit('reset', this.context);
  }

  // `_` follows the last value until a program sets it.
  #keep(name, get, isKept, stop) {
    let given;
    defineProperty(this.context, name, {
      __proto__: null,
      configurable: true,
      get: () => (isKept() ? get() : given),
      set: (value) => {
        given = value;
        if (!isKept()) return;
        stop();
        this.output.write(`Expression assignment to ${name} now disabled.\n`);
      },
    });
  }

  // ---- lines ----

  #enqueue(line) {
    this.#waiting.push(line);
    this.#next();
  }

  // A line that awaits keeps those after it waiting.
  #next() {
    while (!this.#busy && this.#waiting.length > 0 && !this.closedByCommand) this.#line(this.#waiting.shift());
    if (!this.#busy && this.#closing) this.#leave();
  }

  #line(line) {
    if (this.editorMode) {
      this.#edited.push(line);
      return;
    }
    if (this.#buffer === '') {
      const command = /^\s*\.([^\s.\d]\S*)\s*(.*)$/.exec(line);
      if (command && this.commands[command[1]]) {
        this.commands[command[1]].action.call(this, command[2].trim());
        return;
      }
      if (command && /^[a-z]/i.test(command[1])) {
        this.output.write('Invalid REPL keyword\n');
        this.displayPrompt();
        return;
      }
      if (line.trim() === '') {
        this.displayPrompt();
        return;
      }
      this.#mark = native.mark();
    } else if (/^\s*\.(break|clear)\s*$/.test(line)) {
      this.clearBufferedCommand();
      this.displayPrompt();
      return;
    }
    this.#execute(`${this.#buffer}${line}\n`);
  }

  #execute(code) {
    this.#busy = true;
    this.eval(code, this.context, `REPL${++scripts}`, (error, value) => this.#finish(error, value, code));
  }

  #finish(error, value, code) {
    this.#busy = false;
    if (error instanceof Recoverable) {
      this.#buffer = code;
      this.displayPrompt();
      return;
    }
    this.#buffer = '';
    this.lines.push(...code.trimEnd().split('\n'));
    if (error !== null) {
      this.#show(error.value);
    } else {
      this.#last = value;
      this.last = value;
      if (value !== undefined || !this.ignoreUndefined) this.output.write(`${this.writer(value)}\n`);
    }
    if (this.closedByCommand) return;
    this.displayPrompt();
    if (this.#waiting.length > 0 || this.#closing) this.#next();
  }

  #evaluate(code, context, file, callback) {
    const run = (text) => (this.useGlobal ? this.#run(text, file) : require('vm').runInContext(text, context, { filename: file }));
    const strict = this.replMode === REPL_MODE_STRICT ? "'use strict'; void 0;\n" : '';
    let value;
    let text = code;
    // What begins like a block may be meant as an object.
    if (/^\s*\{/.test(code) && !/;\s*$/.test(code) && !native.isIncomplete(`(${code.trim()})`)) {
      try {
        value = run(`${strict}(${code.trim()})\n`);
        callback(null, value);
        return;
      } catch (error) {
        if (!(error instanceof SyntaxError)) {
          callback({ value: error }, undefined);
          return;
        }
      }
    }
    const awaiting = code.includes('await') ? native.withAwait(code) : null;
    if (awaiting !== null) text = awaiting;
    else if (native.isIncomplete(code)) {
      callback(new Recoverable(), undefined);
      return;
    }
    try {
      value = run(strict + text);
    } catch (error) {
      callback({ value: error }, undefined);
      return;
    }
    if (awaiting === null) callback(null, value);
    else this.#await(value, callback);
  }

  // A script that runs on and on is ended by Ctrl+C, which the terminal only makes a signal while it is not raw.
  #run(text, file) {
    if (!this.breakEvalOnSigint || !this.terminal) return native.run(text, file);
    this._setRawMode(false);
    try {
      return native.run(text, file, true);
    } finally {
      this._setRawMode(true);
    }
  }

  #await(promise, callback) {
    const settle = (error, value) => {
      if (this.#interrupt === interrupt) {
        this.#interrupt = undefined;
        callback(error, value);
      }
    };
    const interrupt = () => settle({ value: new codes.ERR_SCRIPT_EXECUTION_INTERRUPTED() }, undefined);
    this.#interrupt = interrupt;
    promise.then((result) => settle(null, result?.value), (error) => settle({ value: error }, undefined));
  }

  // ---- the editor ----

  enterEditorMode() {
    this.editorMode = true;
    this.output.write('// Entering editor mode (Ctrl+D to finish, Ctrl+C to cancel)\n');
    this.#ownPrompt = this.getPrompt();
    this.setPrompt('');
  }

  #leaveEditorMode() {
    this.editorMode = false;
    const text = this.#edited.join('\n');
    this.#edited = [];
    this.setPrompt(this.#ownPrompt);
    return text;
  }

  _ttyWrite(data, key = {}) {
    if (this.editorMode && key.ctrl && key.name === 'd') {
      this.#edited.push(this.line);
      this.clearLine();
      const text = this.#leaveEditorMode();
      this.#mark = native.mark();
      if (text.trim() === '') this.displayPrompt();
      else this.#execute(`${text}\n`);
      return;
    }
    super._ttyWrite(data, key);
  }

  // ---- errors ----

  #show(error) {
    this.#lastError = error;
    let text;
    if (error !== null && typeof error === 'object' && typeof error.stack === 'string' && error instanceof Error) {
      const arrow = error['looplab.arrow'];
      const shown = inspect(this.#trimmed(error), { ...writer.options, colors: this.useColors }).replace(/^\[(.*)\]$/s, '$1');
      text = typeof arrow === 'string' && error instanceof SyntaxError ? `${arrow.slice(arrow.indexOf('\n') + 1).trimEnd()}\n\nUncaught ${shown}` : `Uncaught ${shown}`;
    } else {
      text = `Uncaught ${this.writer(error)}`;
    }
    this.output.write(`${text}\n`);
  }

  // Frames below the line itself are the prompt's own.
  #trimmed(error) {
    const lines = error.stack.split('\n');
    const last = lines.findLastIndex((line) => /\bREPL\d+:/.test(line));
    const first = lines.findIndex((line) => /^\s+at /.test(line));
    if (first !== -1) {
      const kept = last === -1 ? lines.filter((line) => !/\(?node:/.test(line) && !/<anonymous>\)?$/.test(line)) : lines.slice(0, last + 1);
      error.stack = kept.join('\n');
    }
    return error;
  }

  #catchErrors() {
    if (process.hasUncaughtExceptionCaptureCallback()) return;
    process.setUncaughtExceptionCaptureCallback((error) => {
      if (this.terminal) this.output.write('\n');
      this.#show(error);
      if (!this.#busy && !this.closedByCommand) this.displayPrompt(true);
    });
    this.once('exit', () => process.setUncaughtExceptionCaptureCallback(null));
  }

  // ---- control ----

  #listenForInterrupts() {
    let interrupted = false;
    this.on('SIGINT', () => {
      if (this.#interrupt !== undefined) {
        this.#interrupt();
        return;
      }
      const edited = this.editorMode;
      if (edited) this.#leaveEditorMode();
      const empty = !edited && this.line.length === 0 && this.#buffer === '';
      this.clearLine();
      this.clearBufferedCommand();
      if (empty && interrupted) {
        interrupted = false;
        this.close();
        return;
      }
      if (empty) {
        this.output.write('(To exit, press Ctrl+C again or Ctrl+D or type .exit)\n');
        interrupted = true;
      }
      this.displayPrompt();
    });
    this.on('line', () => { interrupted = false; });
  }

  #end() {
    this.#closing = true;
    if (!this.#busy && this.#waiting.length === 0) this.#leave();
  }

  #leave() {
    if (this.closedByCommand === true) return;
    this.closedByCommand = true;
    if (this.terminal) this.output.write('\n');
    process.nextTick(() => this.emit('exit'));
  }

  displayPrompt(preserveCursor = false) {
    if (this.closed && this.#waiting.length === 0) return;
    const own = this.getPrompt();
    if (this.#buffer !== '') {
      super.setPrompt('| ');
      if (!this.closed) this.prompt(preserveCursor);
      else this.output.write('| ');
      super.setPrompt(own);
    } else if (this.closed) {
      this.output.write(own);
    } else {
      this.prompt(preserveCursor);
    }
  }

  clearBufferedCommand() {
    this.#buffer = '';
  }

  defineCommand(keyword, command) {
    if (typeof command === 'function') command = { action: command };
    else if (typeof command?.action !== 'function') throw new codes.ERR_INVALID_ARG_TYPE('cmd.action', 'Function', command?.action);
    this.commands[keyword] = command;
  }

  completer(text, callback) {
    const { complete } = require('./repl_complete');
    let found;
    try {
      found = complete(text, {
        commands: Object.keys(this.commands).sort(),
        global: this.context,
        // Names of `let` and `const` are in no object.
        evaluate: (name) => (this.useGlobal ? native.run(`typeof ${name} === 'undefined' ? undefined : ${name}`, '[completion]') : undefined),
      });
    } catch {
      found = [[], text];
    }
    callback(null, found);
  }

  // Completers of prompts answer through a callback.
  _complete(text) {
    return new Promise((resolve, reject) => this.completer(text, (error, value) => (error ? reject(error) : resolve(value))));
  }

  complete(...args) {
    this.completer(...args);
  }

  /** Lines of earlier sessions, and a file for those of this one. */
  setupHistory(file, callback) {
    const fs = require('fs');
    fs.readFile(file, 'utf8', (error, text) => {
      if (error && error.code !== 'ENOENT') {
        this.output.write('\nError: Could not open history file.\nREPL session history will not be persisted.\n');
        this.displayPrompt(true);
        callback(null, this);
        return;
      }
      if (text) this.history = text.split('\n').filter((line) => line !== '').slice(0, this.historySize);
      this.on('history', (history) => {
        this.#history = history;
        fs.writeFileSync(file, history.join('\n'), { mode: 0o600 });
      });
      callback(null, this);
    });
  }

  /** What happened since the last line was read, in words. */
  explainLastLine() {
    return this.#mark === undefined ? undefined : native.explain(this.#mark);
  }

  runText(text) {
    for (const line of text.split('\n')) this.#waiting.push(line);
    this.#next();
  }
}

const COMMANDS = {
  break() {
    this.clearBufferedCommand();
    this.displayPrompt();
  },
  clear() {
    this.clearBufferedCommand();
    if (!this.useGlobal) {
      this.output.write('Clearing context...\n');
      this.resetContext();
    }
    this.displayPrompt();
  },
  editor() {
    if (this.terminal) this.enterEditorMode();
    else this.displayPrompt();
  },
  exit() {
    this.close();
  },
  help() {
    const names = Object.keys(this.commands).sort();
    const width = Math.max(...names.map((name) => name.length));
    for (const name of names) this.output.write(`.${name}${this.commands[name].help ? `${' '.repeat(width - name.length + 3)}${this.commands[name].help}` : ''}\n`);
    this.output.write('\nPress Ctrl+C to abort current expression, Ctrl+D to exit the REPL\n');
    this.displayPrompt();
  },
  load(file) {
    if (file === '') {
      this.output.write('The "file" argument must be specified\n');
      this.displayPrompt();
      return;
    }
    let text;
    try {
      text = require('fs').readFileSync(file, 'utf8');
    } catch (error) {
      this.output.write(error.code === 'EISDIR' ? `Failed to load: ${file} is not a valid file\n` : `Failed to load: ${file}\n`);
      this.displayPrompt();
      return;
    }
    this.runText(text.replace(/\n$/, ''));
  },
  save(file) {
    try {
      if (file === '') throw new codes.ERR_MISSING_ARGS('file');
      require('fs').writeFileSync(file, this.lines.join('\n'));
      this.output.write(`Session saved to: ${file}\n`);
    } catch (error) {
      this.output.write(error.code === 'ERR_MISSING_ARGS' ? `${error.message}\n` : `Failed to save: ${file}\n`);
    }
    this.displayPrompt();
  },
  trace() {
    const told = this.explainLastLine();
    this.output.write(told === undefined || told === '' ? 'The last line did nothing to the event loop.\n' : told);
    this.displayPrompt();
  },
};

function start(prompt, source, evaluate, useGlobal, ignoreUndefined, replMode) {
  return new REPLServer(prompt, source, evaluate, useGlobal, ignoreUndefined, replMode);
}

module.exports = { start, writer, REPLServer, REPL_MODE_SLOPPY, REPL_MODE_STRICT, Recoverable };
defineProperty(module.exports, 'builtinModules', {
  __proto__: null,
  configurable: true,
  enumerable: false,
  get: () => require('module').builtinModules.filter((name) => !name.startsWith('_')),
});
defineProperty(module.exports, 'repl', { __proto__: null, configurable: true, enumerable: false, writable: true, value: undefined });
