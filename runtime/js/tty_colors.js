// What a terminal can show: tty.isatty, and the methods of tty.WriteStream that look at the environment.

const { validateInteger } = require('./validators');
const native = require('./os_native');

function isatty(fd) {
  return Number.isInteger(fd) && fd >= 0 && fd <= 2147483647 && native.isatty(fd);
}

const BLACK_AND_WHITE = 1;
const SIXTEEN = 4;
const MANY = 8;
const TRUE_COLOR = 24;

const terminals = { __proto__: null, eterm: SIXTEEN, cons25: SIXTEEN, console: SIXTEEN, cygwin: SIXTEEN, dtterm: SIXTEEN, gnome: SIXTEEN, hurd: SIXTEEN, jfbterm: SIXTEEN,
  konsole: SIXTEEN, kterm: SIXTEEN, mlterm: SIXTEEN, mosh: TRUE_COLOR, putty: SIXTEEN, st: SIXTEEN, 'rxvt-unicode-24bit': TRUE_COLOR, terminator: TRUE_COLOR,
  'xterm-kitty': TRUE_COLOR };
const patterns = [/ansi/, /color/, /linux/, /direct/, /^con[0-9]*x[0-9]/, /^rxvt/, /^screen/, /^xterm/, /^vt100/, /^vt220/];
const builds = { __proto__: null, APPVEYOR: MANY, BUILDKITE: MANY, CIRCLECI: TRUE_COLOR, DRONE: MANY, GITEA_ACTIONS: TRUE_COLOR, GITHUB_ACTIONS: TRUE_COLOR, GITLAB_CI: MANY, TRAVIS: MANY };

let warned = false;
function warnOfConflict(env) {
  if (warned || (env.NODE_DISABLE_COLORS === undefined && env.NO_COLOR === undefined)) return;
  const name = env.NODE_DISABLE_COLORS !== undefined ? 'NODE_DISABLE_COLORS' : 'NO_COLOR';
  process.emitWarning(`The '${name}' env is ignored due to the 'FORCE_COLOR' env being set.`, 'Warning');
  warned = true;
}

/** writeStream.getColorDepth(env): bits of colour. */
function getColorDepth(env = process.env) {
  if (env.FORCE_COLOR !== undefined) {
    switch (env.FORCE_COLOR) {
      case '':
      case '1':
      case 'true':
        warnOfConflict(env);
        return SIXTEEN;
      case '2':
        warnOfConflict(env);
        return MANY;
      case '3':
        warnOfConflict(env);
        return TRUE_COLOR;
      default:
        return BLACK_AND_WHITE;
    }
  }
  if ((env.NODE_DISABLE_COLORS !== undefined && env.NODE_DISABLE_COLORS !== '') || (env.NO_COLOR !== undefined && env.NO_COLOR !== '') || env.TERM === 'dumb') {
    return BLACK_AND_WHITE;
  }
  if (env.TMUX) return TRUE_COLOR;
  if ('TF_BUILD' in env && 'AGENT_NAME' in env) return SIXTEEN;
  if ('CI' in env) {
    for (const name of Object.keys(builds)) if (name in env) return builds[name];
    return env.CI_NAME === 'codeship' ? MANY : BLACK_AND_WHITE;
  }
  if ('TEAMCITY_VERSION' in env) return /^(9\.(0*[1-9]\d*)\.|\d{2,}\.)/.test(env.TEAMCITY_VERSION) ? SIXTEEN : BLACK_AND_WHITE;
  switch (env.TERM_PROGRAM) {
    case 'iTerm.app':
      return !env.TERM_PROGRAM_VERSION || /^[0-2]\./.test(env.TERM_PROGRAM_VERSION) ? MANY : TRUE_COLOR;
    case 'HyperTerm':
    case 'MacTerm':
      return TRUE_COLOR;
    case 'Apple_Terminal':
      return MANY;
  }
  if (env.COLORTERM === 'truecolor' || env.COLORTERM === '24bit') return TRUE_COLOR;
  if (env.TERM) {
    if (/truecolor/.test(env.TERM)) return TRUE_COLOR;
    if (/^xterm-256/.test(env.TERM)) return MANY;
    const term = env.TERM.toLowerCase();
    if (terminals[term]) return terminals[term];
    if (patterns.some((pattern) => pattern.test(term))) return SIXTEEN;
  }
  if (env.COLORTERM) return SIXTEEN;
  return BLACK_AND_WHITE;
}

/** writeStream.hasColors(count, env) */
function hasColors(count, env) {
  if (env === undefined && (count === undefined || (typeof count === 'object' && count !== null))) {
    env = count;
    count = 16;
  } else {
    validateInteger(count, 'count', 2);
  }
  return count <= 2 ** getColorDepth(env);
}

module.exports = { isatty, getColorDepth, hasColors };
