// Keys from the characters a terminal sends: readline.emitKeypressEvents, and what counts as one character.

const ESCAPE = '\x1b';
const escapeTimeout = 500;
const decoder_ = Symbol('keypress-decoder');
const escapes_ = Symbol('escape-decoder');

/** How many units the character before `i` has (emoji have two). */
function charLengthLeft(text, i) {
  if (i <= 0) return 0;
  return (i > 1 && text.codePointAt(i - 2) >= 0x10000) || text.codePointAt(i - 1) >= 0x10000 ? 2 : 1;
}

/** How many units the character at `i` has; 1 past the end, so that a cursor still moves. */
function charLengthAt(text, i) {
  if (text.length <= i) return 1;
  return text.codePointAt(i) >= 0x10000 ? 2 : 1;
}

/** What all strings begin with. */
function commonPrefix(strings) {
  if (strings.length === 0) return '';
  if (strings.length === 1) return strings[0];
  const sorted = strings.toSorted();
  const first = sorted[0];
  const last = sorted[sorted.length - 1];
  for (let i = 0; i < first.length; i++) if (first[i] !== last[i]) return first.slice(0, i);
  return first;
}

// Names of what stands behind ESC; terminals disagree, so there are several for most keys.
const names = new Map();
function name(text, modifiers) {
  for (const pair of text.split(' ')) {
    const at = pair.lastIndexOf('=');
    names.set(pair.slice(0, at), { name: pair.slice(at + 1), ...modifiers });
  }
}
name('[P=f1 [Q=f2 [R=f3 [S=f4 OP=f1 OQ=f2 OR=f3 OS=f4 [11~=f1 [12~=f2 [13~=f3 [14~=f4 [[A=f1 [[B=f2 [[C=f3 [[D=f4 [[E=f5');
name('[15~=f5 [17~=f6 [18~=f7 [19~=f8 [20~=f9 [21~=f10 [23~=f11 [24~=f12 [200~=paste-start [201~=paste-end');
name('[A=up [B=down [C=right [D=left [E=clear [F=end [H=home OA=up OB=down OC=right OD=left OE=clear OF=end OH=home');
name('[1~=home [2~=insert [3~=delete [4~=end [5~=pageup [6~=pagedown [[5~=pageup [[6~=pagedown [7~=home [8~=end');
name('[a=up [b=down [c=right [d=left [e=clear [2$=insert [3$=delete [5$=pageup [6$=pagedown [7$=home [8$=end [Z=tab', { shift: true });
name('Oa=up Ob=down Oc=right Od=left Oe=clear [2^=insert [3^=delete [5^=pageup [6^=pagedown [7^=home [8^=end', { ctrl: true });

const isDigit = (ch) => ch >= '0' && ch <= '9';

// Takes characters one by one and emits 'keypress' when they make a key. An empty string says that nothing followed an escape.
function* decodeKeys(stream) {
  while (true) {
    let ch = yield;
    let s = ch;
    let escaped = false;
    const key = { sequence: null, name: undefined, ctrl: false, meta: false, shift: false };

    if (ch === ESCAPE) {
      escaped = true;
      s += ch = yield;
      if (ch === ESCAPE) s += ch = yield;
    }

    if (escaped && (ch === 'O' || ch === '[')) {
      let code = ch;
      let modifier = 0;
      if (ch === 'O') {
        s += ch = yield;
        if (isDigit(ch)) {
          modifier = Number(ch) - 1;
          s += ch = yield;
        }
        code += ch;
      } else {
        s += ch = yield;
        if (ch === '[') {
          code += ch;
          s += ch = yield;
        }
        // Up to three digits, a semicolon and a modifier, then a letter or one of ~ ^ $.
        const start = s.length - 1;
        for (let digits = 0; digits < 3 && isDigit(ch); digits++) s += ch = yield;
        if (ch === ';') {
          s += ch = yield;
          if (isDigit(ch)) s += ch = yield;
        }
        const command = s.slice(start);
        let match;
        if ((match = /^(?:(\d\d?)(?:;(\d))?([~^$])|(\d{3}~))$/.exec(command)) !== null) {
          if (match[4]) {
            code += match[4];
          } else {
            code += match[1] + match[3];
            modifier = (match[2] || 1) - 1;
          }
        } else if ((match = /^((\d;)?(\d))?([A-Za-z])$/.exec(command)) !== null) {
          code += match[4];
          modifier = (match[3] || 1) - 1;
        } else {
          code += command;
        }
      }
      key.ctrl = Boolean(modifier & 4);
      key.meta = Boolean(modifier & 10);
      key.shift = Boolean(modifier & 1);
      key.code = code;
      Object.assign(key, names.get(code) ?? { name: 'undefined' });
    } else if (ch === '\r') {
      key.name = 'return';
      key.meta = escaped;
    } else if (ch === '\n') {
      key.name = 'enter';
      key.meta = escaped;
    } else if (ch === '\t') {
      key.name = 'tab';
      key.meta = escaped;
    } else if (ch === '\b' || ch === '\x7f') {
      key.name = 'backspace';
      key.meta = escaped;
    } else if (ch === ESCAPE) {
      key.name = 'escape';
      key.meta = escaped;
    } else if (ch === ' ') {
      key.name = 'space';
      key.meta = escaped;
    } else if (!escaped && ch <= '\x1a') {
      key.name = String.fromCharCode(ch.charCodeAt(0) + 96);
      key.ctrl = true;
    } else if (/^[0-9A-Za-z]$/.test(ch)) {
      key.name = ch.toLowerCase();
      key.shift = /^[A-Z]$/.test(ch);
      key.meta = escaped;
    } else if (escaped) {
      key.name = ch.length > 0 ? undefined : 'escape';
      key.meta = true;
    }

    key.sequence = s;
    // Broken escape sequences are dropped.
    if (s.length !== 0 && (key.name !== undefined || escaped)) stream.emit('keypress', escaped ? undefined : s, key);
    else if (charLengthAt(s, 0) === s.length) stream.emit('keypress', s, key);
  }
}

function restart(stream) {
  stream[escapes_] = decodeKeys(stream);
  stream[escapes_].next();
}

/** readline.emitKeypressEvents(stream, interface) */
function emitKeypressEvents(stream, iface = {}) {
  if (stream[decoder_]) return;
  const { StringDecoder } = require('string_decoder');
  stream[decoder_] = new StringDecoder('utf8');
  restart(stream);
  const { escapeCodeTimeout = escapeTimeout } = iface;
  let timer;

  function onData(input) {
    if (stream.listenerCount('keypress') === 0) {
      stream.removeListener('data', onData);
      stream.on('newListener', onNewListener);
      return;
    }
    const string = stream[decoder_].write(input);
    if (!string) return;
    clearTimeout(timer);
    iface._sawKeyPress = charLengthAt(string, 0) === string.length;
    // Pasted text is not completed: only the last character of a chunk may be.
    iface.isCompletionEnabled = false;
    let length = 0;
    for (const character of string) {
      length += character.length;
      if (length === string.length) iface.isCompletionEnabled = true;
      try {
        stream[escapes_].next(character);
        if (length === string.length && character === ESCAPE) {
          timer = setTimeout(() => stream[escapes_].next(''), escapeCodeTimeout);
        }
      } catch (error) {
        restart(stream);
        throw error;
      }
    }
  }

  function onNewListener(event) {
    if (event !== 'keypress') return;
    stream.on('data', onData);
    stream.removeListener('newListener', onNewListener);
  }

  if (stream.listenerCount('keypress') > 0) stream.on('data', onData);
  else stream.on('newListener', onNewListener);
}

module.exports = { charLengthLeft, charLengthAt, commonPrefix, emitKeypressEvents };
