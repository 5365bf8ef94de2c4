// The line editor behind readline and readline/promises: reads lines from any stream, and edits them when it is a terminal.

const EventEmitter = require('events');
const { codes, AbortError } = require('./errors');
const { validateAbortSignal, validateArray, validateBoolean, validateNumber, validateString, validateUint32 } = require('./validators');
const { getStringWidth, stripControl } = require('./text');
const { charLengthAt, charLengthLeft, commonPrefix, emitKeypressEvents } = require('./readline_keys');
const { clearScreenDown, cursorTo, moveCursor } = require('./readline_cursor');

const lineEnding = /\r?\n|\r(?!\n)|\u2028|\u2029/g;
const minCrlfDelay = 100;
const defaultHistorySize = 30;
const maxUndo = 2048;
const maxKillRing = 32;
const lines_ = Symbol('lines');

const reversed = (text) => Array.from(text).reverse().join('');

// What options may come as the first argument: an object that has an `input` of its own.
function optionsOf(input, output, completer, terminal) {
  if (!input?.input) return { input, output, completer, terminal };
  return input;
}

function checkHistory(options) {
  let { history, historySize, removeHistoryDuplicates } = options;
  if (history === undefined) history = [];
  else validateArray(history, 'history');
  if (historySize === undefined) historySize = defaultHistorySize;
  validateNumber(historySize, 'historySize', 0);
  if (removeHistoryDuplicates === undefined) removeHistoryDuplicates = false;
  else validateBoolean(removeHistoryDuplicates, 'removeHistoryDuplicates');
  return { history, historySize, removeHistoryDuplicates };
}

/** Sets an interface up; a function, so that readline.Interface may be called without `new`. */
function construct(self, input_, output_, completer_, terminal_) {
  self._sawReturnAt = 0;
  self.isCompletionEnabled = true;
  self._sawKeyPress = false;
  self._previousKey = null;
  self.escapeCodeTimeout = 500;
  self.tabSize = 8;

  const options = optionsOf(input_, output_, completer_, terminal_);
  const { input, output, completer, signal, prompt = '> ', crlfDelay } = options;
  let { terminal } = options;
  if (options.tabSize !== undefined) {
    validateUint32(options.tabSize, 'tabSize', true);
    self.tabSize = options.tabSize;
  }
  if (options.escapeCodeTimeout !== undefined) {
    if (!Number.isFinite(options.escapeCodeTimeout)) throw new codes.ERR_INVALID_ARG_VALUE('input.escapeCodeTimeout', self.escapeCodeTimeout);
    self.escapeCodeTimeout = options.escapeCodeTimeout;
  }
  if (signal) validateAbortSignal(signal, 'options.signal');
  if (completer !== undefined && typeof completer !== 'function') throw new codes.ERR_INVALID_ARG_VALUE('completer', completer);
  const { history, historySize, removeHistoryDuplicates } = checkHistory(options);
  if (terminal === undefined && output != null) terminal = Boolean(output.isTTY);

  self.line = '';
  self._substringSearch = null;
  self.output = output;
  self.input = input;
  self._undoStack = [];
  self._redoStack = [];
  self.history = history;
  self.historySize = historySize;
  self.removeHistoryDuplicates = Boolean(removeHistoryDuplicates);
  // "\r\n" that comes in two chunks within this time is one line's end.
  self.crlfDelay = crlfDelay ? Math.max(minCrlfDelay, crlfDelay) : minCrlfDelay;
  self.completer = completer;
  self.setPrompt(prompt);
  self.terminal = Boolean(terminal);
  self._killRing = [];
  self._killRingCursor = 0;
  self._yanking = false;

  const onError = (error) => self.emit('error', error);
  input.on('error', onError);
  if (self.terminal) listenToTerminal(self, onError);
  else listenToStream(self, onError);

  if (signal) {
    const onAborted = () => self.close();
    if (signal.aborted) {
      process.nextTick(onAborted);
    } else {
      const disposable = EventEmitter.addAbortListener(signal, onAborted);
      self.once('close', disposable[Symbol.dispose]);
    }
  }
  self.line = '';
  input.resume();
}

function listenToStream(self, onError) {
  const { input } = self;
  const { StringDecoder } = require('string_decoder');
  const onData = (data) => self._normalWrite(data);
  const onEnd = () => {
    if (typeof self._line_buffer === 'string' && self._line_buffer.length > 0) self.emit('line', self._line_buffer);
    self.close();
  };
  input.on('data', onData);
  input.on('end', onEnd);
  self.once('close', () => {
    input.removeListener('data', onData);
    input.removeListener('error', onError);
    input.removeListener('end', onEnd);
  });
  self._decoder = new StringDecoder('utf8');
}

function listenToTerminal(self, onError) {
  const { input, output } = self;
  const onKeypress = (s, key) => {
    self._ttyWrite(s, key);
    if (!key?.sequence) return;
    // Half of a surrogate pair: shown properly once both are there.
    const ch = key.sequence.codePointAt(0);
    if (ch >= 0xd800 && ch <= 0xdfff) self._refreshLine();
  };
  const onEnd = () => {
    if (typeof self.line === 'string' && self.line.length > 0) self.emit('line', self.line);
    self.close();
  };
  const onResize = () => self._refreshLine();
  emitKeypressEvents(input, self);
  input.on('keypress', onKeypress);
  input.on('end', onEnd);
  self._setRawMode(true);
  self.terminal = true;
  self.cursor = 0;
  self.historyIndex = -1;
  if (output != null) output.on('resize', onResize);
  self.once('close', () => {
    input.removeListener('keypress', onKeypress);
    input.removeListener('error', onError);
    input.removeListener('end', onEnd);
    if (output != null) output.removeListener('resize', onResize);
  });
}

class Interface extends EventEmitter {
  constructor(input, output, completer, terminal) {
    super();
    construct(this, input, output, completer, terminal);
  }

  get columns() {
    if (this.output?.columns) return this.output.columns;
    return Infinity;
  }

  setPrompt(prompt) {
    this._prompt = prompt;
  }

  getPrompt() {
    return this._prompt;
  }

  _setRawMode(mode) {
    const before = this.input.isRaw;
    if (typeof this.input.setRawMode === 'function') this.input.setRawMode(mode);
    return before;
  }

  prompt(preserveCursor) {
    if (this.paused) this.resume();
    if (this.terminal && process.env.TERM !== 'dumb') {
      if (!preserveCursor) this.cursor = 0;
      this._refreshLine();
    } else {
      this._writeToOutput(this._prompt);
    }
  }

  _question(query, callback) {
    if (this.closed) throw new codes.ERR_USE_AFTER_CLOSE('readline');
    if (this._questionCallback) {
      this.prompt();
    } else {
      this._oldPrompt = this._prompt;
      this.setPrompt(query);
      this._questionCallback = callback;
      this.prompt();
    }
  }

  _questionCancel() {
    if (!this._questionCallback) return;
    this._questionCallback = null;
    this.setPrompt(this._oldPrompt);
    this.clearLine();
  }

  _onLine(line) {
    if (this._questionCallback) {
      const callback = this._questionCallback;
      this._questionCallback = null;
      this.setPrompt(this._oldPrompt);
      callback(line);
    } else {
      this.emit('line', line);
    }
  }

  _writeToOutput(text) {
    validateString(text, 'stringToWrite');
    if (this.output != null) this.output.write(text);
  }

  _addHistory() {
    if (this.line.length === 0) return '';
    if (!this.history) return this.line;
    if (this.line.trim().length === 0) return this.line;
    if (this.history.length === 0 || this.history[0] !== this.line) {
      if (this.removeHistoryDuplicates) {
        const known = this.history.indexOf(this.line);
        if (known !== -1) this.history.splice(known, 1);
      }
      this.history.unshift(this.line);
      if (this.history.length > this.historySize) this.history.pop();
    }
    this.historyIndex = -1;
    const { line } = this;
    this.emit('history', this.history);
    // A listener may have changed what is to be remembered, and so what the line is.
    return this.history.length > 0 && this.historySize > 0 ? this.history[0] : line;
  }

  _refreshLine() {
    const line = this._prompt + this.line;
    const { cols, rows } = this._getDisplayPos(line);
    const cursor = this.getCursorPos();
    const before = this.prevRows || 0;
    if (before > 0) moveCursor(this.output, 0, -before);
    cursorTo(this.output, 0);
    clearScreenDown(this.output);
    this._writeToOutput(line);
    // A line that just fills the row has to make the terminal begin the next one.
    if (cols === 0) this._writeToOutput(' ');
    cursorTo(this.output, cursor.cols);
    if (rows > cursor.rows) moveCursor(this.output, 0, cursor.rows - rows);
    this.prevRows = cursor.rows;
  }

  close() {
    if (this.closed) return;
    this.pause();
    if (this.terminal) this._setRawMode(false);
    this.closed = true;
    this.emit('close');
  }

  [Symbol.dispose]() {
    this.close();
  }

  pause() {
    if (this.closed) throw new codes.ERR_USE_AFTER_CLOSE('readline');
    if (this.paused) return;
    this.input.pause();
    this.paused = true;
    this.emit('pause');
    return this;
  }

  resume() {
    if (this.closed) throw new codes.ERR_USE_AFTER_CLOSE('readline');
    if (!this.paused) return;
    this.input.resume();
    this.paused = false;
    this.emit('resume');
    return this;
  }

  write(data, key) {
    if (this.closed) throw new codes.ERR_USE_AFTER_CLOSE('readline');
    if (this.paused) this.resume();
    if (this.terminal) this._ttyWrite(data, key);
    else this._normalWrite(data);
  }

  // A stream that is no terminal: text is collected until a line is whole.
  _normalWrite(data) {
    if (data === undefined) return;
    let text = this._decoder.write(data);
    if (this._sawReturnAt && Date.now() - this._sawReturnAt <= this.crlfDelay) {
      if (text.codePointAt(0) === 10) text = text.slice(1);
      this._sawReturnAt = 0;
    }
    lineEnding.lastIndex = 0;
    let match = lineEnding.exec(text);
    if (match === null) {
      if (text) this._line_buffer = this._line_buffer ? this._line_buffer + text : text;
      return;
    }
    if (this._line_buffer) {
      text = this._line_buffer + text;
      this._line_buffer = null;
      lineEnding.lastIndex = 0;
      match = lineEnding.exec(text);
    }
    this._sawReturnAt = text.endsWith('\r') ? Date.now() : 0;
    const found = [];
    let from = 0;
    while (match !== null) {
      found.push(text.slice(from, match.index));
      from = lineEnding.lastIndex;
      match = lineEnding.exec(text);
    }
    this._line_buffer = text.slice(from);
    for (const line of found) this._onLine(line);
  }

  // ---- editing ----

  _beforeEdit(text, cursor) {
    if (this._undoStack.push({ text, cursor }) > maxUndo) this._undoStack.shift();
  }

  _insertString(text) {
    this._beforeEdit(this.line, this.cursor);
    if (this.cursor < this.line.length) {
      this.line = this.line.slice(0, this.cursor) + text + this.line.slice(this.cursor);
      this.cursor += text.length;
      this._refreshLine();
      return;
    }
    const before = this.getCursorPos();
    this.line += text;
    this.cursor += text.length;
    if (before.rows < this.getCursorPos().rows) this._refreshLine();
    else this._writeToOutput(text);
  }

  _complete(text) {
    return this.completer(text);
  }

  async _tabComplete(lastWasTab) {
    this.pause();
    const text = this.line.slice(0, this.cursor);
    let value;
    try {
      value = await this._complete(text);
    } catch (error) {
      this._writeToOutput(`Tab completion error: ${require('./inspect').inspect(error)}`);
      return;
    } finally {
      this.resume();
    }
    this._tabCompleter(lastWasTab, value);
  }

  _tabCompleter(lastWasTab, { 0: completions, 1: completeOn }) {
    if (!completions || completions.length === 0) return;
    const prefix = commonPrefix(completions.filter((item) => item !== ''));
    if (prefix.startsWith(completeOn) && prefix.length > completeOn.length) {
      this._insertString(prefix.slice(completeOn.length));
      return;
    }
    if (!completeOn.startsWith(prefix)) {
      this.line = this.line.slice(0, this.cursor - completeOn.length) + prefix + this.line.slice(this.cursor);
      this.cursor += prefix.length - completeOn.length;
      this._refreshLine();
      return;
    }
    if (!lastWasTab) return;
    this._beforeEdit(this.line, this.cursor);
    this._showCompletions(completions);
    this._refreshLine();
  }

  // In columns; an empty entry ends a group.
  _showCompletions(completions) {
    const widths = completions.map((item) => getStringWidth(item));
    const width = Math.max(...widths) + 2;
    let columns = Math.floor(this.columns / width) || 1;
    if (columns === Infinity) columns = 1;
    let output = '\r\n';
    let column = 0;
    let space = 0;
    completions.forEach((item, i) => {
      if (item === '' || column === columns) {
        output += '\r\n';
        column = 0;
        space = 0;
      } else {
        output += ' '.repeat(space);
      }
      if (item !== '') {
        output += item;
        space = width - widths[i];
        column++;
      } else {
        output += '\r\n';
      }
    });
    if (column !== 0) output += '\r\n\r\n';
    this._writeToOutput(output);
  }

  _wordLeft() {
    if (this.cursor <= 0) return;
    const match = /^\s*(?:[^\w\s]+|\w+)?/.exec(reversed(this.line.slice(0, this.cursor)));
    this._moveCursor(-match[0].length);
  }

  _wordRight() {
    if (this.cursor >= this.line.length) return;
    const match = /^(?:\s+|[^\w\s]+|\w+)\s*/.exec(this.line.slice(this.cursor));
    this._moveCursor(match[0].length);
  }

  _deleteLeft() {
    if (this.cursor <= 0 || this.line.length === 0) return;
    this._beforeEdit(this.line, this.cursor);
    const size = charLengthLeft(this.line, this.cursor);
    this.line = this.line.slice(0, this.cursor - size) + this.line.slice(this.cursor);
    this.cursor -= size;
    this._refreshLine();
  }

  _deleteRight() {
    if (this.cursor >= this.line.length) return;
    this._beforeEdit(this.line, this.cursor);
    const size = charLengthAt(this.line, this.cursor);
    this.line = this.line.slice(0, this.cursor) + this.line.slice(this.cursor + size);
    this._refreshLine();
  }

  _deleteWordLeft() {
    if (this.cursor <= 0) return;
    this._beforeEdit(this.line, this.cursor);
    let left = this.line.slice(0, this.cursor);
    const match = /^\s*(?:[^\w\s]+|\w+)?/.exec(reversed(left));
    left = left.slice(0, left.length - match[0].length);
    this.line = left + this.line.slice(this.cursor);
    this.cursor = left.length;
    this._refreshLine();
  }

  _deleteWordRight() {
    if (this.cursor >= this.line.length) return;
    this._beforeEdit(this.line, this.cursor);
    const right = this.line.slice(this.cursor);
    const match = /^(?:\s+|\W+|\w+)\s*/.exec(right);
    this.line = this.line.slice(0, this.cursor) + right.slice(match[0].length);
    this._refreshLine();
  }

  _deleteLineLeft() {
    this._beforeEdit(this.line, this.cursor);
    const removed = this.line.slice(0, this.cursor);
    this.line = this.line.slice(this.cursor);
    this.cursor = 0;
    this._kill(removed);
    this._refreshLine();
  }

  _deleteLineRight() {
    this._beforeEdit(this.line, this.cursor);
    const removed = this.line.slice(this.cursor);
    this.line = this.line.slice(0, this.cursor);
    this._kill(removed);
    this._refreshLine();
  }

  _kill(text) {
    if (!text || text === this._killRing[0]) return;
    this._killRing.unshift(text);
    this._killRingCursor = 0;
    while (this._killRing.length > maxKillRing) this._killRing.pop();
  }

  _yank() {
    if (this._killRing.length === 0) return;
    this._yanking = true;
    this._insertString(this._killRing[this._killRingCursor]);
  }

  _yankPop() {
    if (!this._yanking || this._killRing.length < 2) return;
    const last = this._killRing[this._killRingCursor];
    this._killRingCursor = (this._killRingCursor + 1) % this._killRing.length;
    const head = this.line.slice(0, this.cursor - last.length) + this._killRing[this._killRingCursor];
    this.line = head + this.line.slice(this.cursor);
    this.cursor = head.length;
    this._refreshLine();
  }

  clearLine() {
    this._moveCursor(+Infinity);
    this._writeToOutput('\r\n');
    this.line = '';
    this.cursor = 0;
    this.prevRows = 0;
  }

  _line() {
    const line = this._addHistory();
    this._undoStack = [];
    this._redoStack = [];
    this.clearLine();
    this._onLine(line);
  }

  _undo() {
    const entry = this._undoStack.pop();
    if (entry === undefined) return;
    this._redoStack.push({ text: this.line, cursor: this.cursor });
    this.line = entry.text;
    this.cursor = entry.cursor;
    this._refreshLine();
  }

  _redo() {
    const entry = this._redoStack.pop();
    if (entry === undefined) return;
    this._undoStack.push({ text: this.line, cursor: this.cursor });
    this.line = entry.text;
    this.cursor = entry.cursor;
    this._refreshLine();
  }

  // ---- history: only lines that begin as the typed one did ----

  _historyTo(index) {
    this.line = index >= 0 && index < this.history.length ? this.history[index] : this._substringSearch || '';
    this.historyIndex = index;
    this.cursor = this.line.length;
    this._refreshLine();
  }

  _historySkips(index) {
    return !this.history[index].startsWith(this._substringSearch || '') || this.line === this.history[index];
  }

  _historyNext() {
    if (this.historyIndex < 0) return;
    this._beforeEdit(this.line, this.cursor);
    let index = this.historyIndex - 1;
    while (index >= 0 && this._historySkips(index)) index--;
    this._historyTo(index);
  }

  _historyPrev() {
    if (this.historyIndex >= this.history.length || this.history.length === 0) return;
    this._beforeEdit(this.line, this.cursor);
    let index = this.historyIndex + 1;
    while (index < this.history.length && this._historySkips(index)) index++;
    this._historyTo(index);
  }

  // ---- positions ----

  _getDisplayPos(text) {
    let offset = 0;
    let rows = 0;
    const { columns } = this;
    for (const char of stripControl(text)) {
      if (char === '\n') {
        rows += Math.ceil(offset / columns) || 1;
        offset = 0;
        continue;
      }
      if (char === '\t') {
        offset += this.tabSize - (offset % this.tabSize);
        continue;
      }
      const width = getStringWidth(char, false);
      if (width === 0 || width === 1) {
        offset += width;
      } else {
        // A wide character does not begin in the last column.
        if ((offset + 1) % columns === 0) offset++;
        offset += 2;
      }
    }
    const cols = offset % columns;
    return { cols, rows: rows + (offset - cols) / columns };
  }

  getCursorPos() {
    return this._getDisplayPos(this._prompt + this.line.slice(0, this.cursor));
  }

  _moveCursor(dx) {
    if (dx === 0) return;
    const before = this.getCursorPos();
    this.cursor = Math.min(Math.max(this.cursor + dx, 0), this.line.length);
    const now = this.getCursorPos();
    if (before.rows === now.rows) moveCursor(this.output, now.cols - before.cols, 0);
    else this._refreshLine();
  }

  // ---- keys ----

  _ttyWrite(s, key = {}) {
    key ??= {};
    const previous = this._previousKey;
    this._previousKey = key;
    if (!key.meta || key.name !== 'y') this._yanking = false;
    const plain = !key.ctrl && !key.meta && !key.shift;
    if ((key.name === 'up' || key.name === 'down') && plain) {
      this._substringSearch ??= this.line.slice(0, this.cursor);
    } else if (this._substringSearch !== null) {
      this._substringSearch = null;
      if (this.history.length === this.historyIndex) this.historyIndex = -1;
    }
    if (typeof key.sequence === 'string') {
      const code = key.sequence.codePointAt(0);
      if (code === 0x1f) return this._undo();
      if (code === 0x1e) return this._redo();
    }
    if (key.name === 'escape') return;
    if (key.ctrl && key.shift) {
      if (key.name === 'backspace') this._deleteLineLeft();
      else if (key.name === 'delete') this._deleteLineRight();
    } else if (key.ctrl) {
      this._ctrlKey(key);
    } else if (key.meta) {
      this._metaKey(key);
    } else {
      this._plainKey(s, key, previous);
    }
  }

  _ctrlKey(key) {
    switch (key.name) {
      case 'c':
        if (this.listenerCount('SIGINT') > 0) {
          this.emit('SIGINT');
        } else {
          this._questionReject?.(new AbortError('Aborted with Ctrl+C'));
          this.close();
        }
        break;
      case 'h': this._deleteLeft(); break;
      case 'd':
        if (this.cursor === 0 && this.line.length === 0) {
          this._questionReject?.(new AbortError('Aborted with Ctrl+D'));
          this.close();
        } else if (this.cursor < this.line.length) {
          this._deleteRight();
        }
        break;
      case 'u': this._deleteLineLeft(); break;
      case 'k': this._deleteLineRight(); break;
      case 'a': this._moveCursor(-Infinity); break;
      case 'e': this._moveCursor(+Infinity); break;
      case 'b': this._moveCursor(-charLengthLeft(this.line, this.cursor)); break;
      case 'f': this._moveCursor(+charLengthAt(this.line, this.cursor)); break;
      case 'l':
        cursorTo(this.output, 0, 0);
        clearScreenDown(this.output);
        this._refreshLine();
        break;
      case 'n': this._historyNext(); break;
      case 'p': this._historyPrev(); break;
      case 'y': this._yank(); break;
      case 'z': this._suspend(); break;
      case 'w':
      case 'backspace': this._deleteWordLeft(); break;
      case 'delete': this._deleteWordRight(); break;
      case 'left': this._wordLeft(); break;
      case 'right': this._wordRight(); break;
    }
  }

  _metaKey(key) {
    switch (key.name) {
      case 'b': this._wordLeft(); break;
      case 'f': this._wordRight(); break;
      case 'd':
      case 'delete': this._deleteWordRight(); break;
      case 'backspace': this._deleteWordLeft(); break;
      case 'y': this._yankPop(); break;
    }
  }

  _plainKey(s, key, previous) {
    if (this._sawReturnAt && key.name !== 'enter') this._sawReturnAt = 0;
    switch (key.name) {
      case 'return':
        this._sawReturnAt = Date.now();
        this._line();
        break;
      case 'enter':
        if (this._sawReturnAt === 0 || Date.now() - this._sawReturnAt > this.crlfDelay) this._line();
        this._sawReturnAt = 0;
        break;
      case 'backspace': this._deleteLeft(); break;
      case 'delete': this._deleteRight(); break;
      case 'left': this._moveCursor(-charLengthLeft(this.line, this.cursor)); break;
      case 'right': this._moveCursor(+charLengthAt(this.line, this.cursor)); break;
      case 'home': this._moveCursor(-Infinity); break;
      case 'end': this._moveCursor(+Infinity); break;
      case 'up': this._historyPrev(); break;
      case 'down': this._historyNext(); break;
      case 'tab':
        if (typeof this.completer === 'function' && this.isCompletionEnabled) {
          this._tabComplete(previous && previous.name === 'tab');
          break;
        }
      // Without a completer a tab is text.
      default:
        if (typeof s === 'string' && s) this._typed(s);
    }
  }

  // Text, perhaps pasted, with line ends in it.
  _typed(text) {
    lineEnding.lastIndex = 0;
    let from = 0;
    let match;
    while ((match = lineEnding.exec(text)) !== null) {
      const end = lineEnding.lastIndex;
      this._insertString(text.slice(from, match.index));
      this._line();
      from = end;
      // A listener may have read other lines with the same expression.
      lineEnding.lastIndex = end;
    }
    this._insertString(text.slice(from));
  }

  _suspend() {
    if (this.listenerCount('SIGTSTP') > 0) {
      this.emit('SIGTSTP');
      return;
    }
    process.once('SIGCONT', () => {
      if (!this.paused) {
        this.pause();
        this.emit('SIGCONT');
      }
      this._setRawMode(true);
      this._refreshLine();
    });
    this._setRawMode(false);
    process.kill(process.pid, 'SIGTSTP');
  }

  /** The lines, as they come. */
  [Symbol.asyncIterator]() {
    this[lines_] ??= lineIterator(this);
    return this[lines_];
  }
}

// Lines are kept until they are asked for; the input rests while too many wait.
function lineIterator(rl, high = 1024) {
  const on = EventEmitter.on(rl, 'line', { close: ['close'], highWaterMark: high });
  const { next } = on;
  on.next = function() {
    return next.call(on).then((result) => (result.done ? result : { value: result.value[0], done: false }));
  };
  return on;
}

module.exports = { Interface, construct };
