// util.parseArgs: command-line arguments into named values, positionals and, on request, the tokens they were found as.

const { codes } = require('./errors');
const {
  validateArray, validateBoolean, validateBooleanArray, validateObject, validateString, validateStringArray, validateUnion,
} = require('./validators');

const hasOwn = Object.hasOwn;
const ownOption = (object, name) => (hasOwn(object, name) ? object[name] : undefined);

// The arguments of the running program: what follows the script, or the -e/-p code.
function mainArgs() {
  const { argv, execArgv } = process;
  if (execArgv.some((arg) => /^(-e|--eval|-p|-pe|--print)(=|$)/.test(arg))) return argv.slice(1);
  return argv.slice(2);
}

/** util.parseArgs(config) */
function parseArgs(config = {}) {
  const args = (hasOwn(config, 'args') ? config.args : undefined) ?? mainArgs();
  const strict = ownOption(config, 'strict') ?? true;
  const allowPositionals = ownOption(config, 'allowPositionals') ?? !strict;
  const returnTokens = ownOption(config, 'tokens') ?? false;
  const allowNegative = ownOption(config, 'allowNegative') ?? false;
  const options = ownOption(config, 'options') ?? { __proto__: null };

  validateArray(args, 'args');
  validateBoolean(strict, 'strict');
  validateBoolean(allowPositionals, 'allowPositionals');
  validateBoolean(returnTokens, 'tokens');
  validateBoolean(allowNegative, 'allowNegative');
  validateObject(options, 'options');
  for (const name of Object.keys(options)) checkDeclaration(name, options[name]);

  const tokens = tokenize(args, options);
  const settings = { strict, allowPositionals, allowNegative, options };
  const result = { values: { __proto__: null }, positionals: [] };
  if (returnTokens) result.tokens = tokens;
  for (const token of tokens) take(token, settings, result);
  for (const name of Object.keys(options)) {
    const fallback = ownOption(options[name], 'default');
    if (fallback !== undefined && result.values[name] === undefined && name !== '__proto__') result.values[name] = fallback;
  }
  return result;
}

function checkDeclaration(name, declaration) {
  const path = `options.${name}`;
  validateObject(declaration, path);
  const type = ownOption(declaration, 'type');
  validateUnion(type, `${path}.type`, ['string', 'boolean']);
  if (hasOwn(declaration, 'short')) {
    const { short } = declaration;
    validateString(short, `${path}.short`);
    if (short.length !== 1) throw new codes.ERR_INVALID_ARG_VALUE(`${path}.short`, short, 'must be a single character');
  }
  const multiple = ownOption(declaration, 'multiple');
  if (hasOwn(declaration, 'multiple')) validateBoolean(multiple, `${path}.multiple`);
  const fallback = ownOption(declaration, 'default');
  if (fallback === undefined) return;
  const check = type === 'string' ? (multiple ? validateStringArray : validateString) : (multiple ? validateBooleanArray : validateBoolean);
  check(fallback, `${path}.default`);
}

function longNameOf(short, options) {
  for (const name of Object.keys(options)) if (ownOption(options[name], 'short') === short) return name;
  return short;
}

const typeOf = (name, options) => ownOption(ownOption(options, name) ?? {}, 'type');

// A value can follow as the next argument unless that looks like an option. A lone "-" counts as a value.
const isValue = (arg) => arg != null && (arg === '-' || !(arg.length > 1 && arg[0] === '-'));

// Splits the arguments: { kind: 'option' | 'positional' | 'option-terminator', index, … }.
function tokenize(args, options) {
  const tokens = [];
  const pending = [...args];
  let index = -1;
  let fromGroup = 0;
  while (pending.length > 0) {
    const arg = pending.shift();
    const next = pending[0];
    if (fromGroup > 0) fromGroup--;
    else index++;
    if (arg === '--') {
      tokens.push({ kind: 'option-terminator', index });
      for (const rest of pending) tokens.push({ kind: 'positional', index: ++index, value: rest });
      break;
    }
    if (arg.length === 2 && arg[0] === '-' && arg[1] !== '-') {
      // -f, -f bar
      const name = longNameOf(arg[1], options);
      let value;
      let inlineValue;
      if (typeOf(name, options) === 'string' && isValueFor(next)) {
        value = pending.shift();
        inlineValue = false;
      }
      tokens.push({ kind: 'option', name, rawName: arg, index, value, inlineValue });
      if (value != null) index++;
    } else if (isShortGroup(arg, options)) {
      // -fXzy becomes -f -X -z -y; the value of a string option ends the group.
      const expanded = [];
      for (let i = 1; i < arg.length; i++) {
        const name = longNameOf(arg[i], options);
        if (typeOf(name, options) !== 'string' || i === arg.length - 1) {
          expanded.push(`-${arg[i]}`);
        } else {
          expanded.push(`-${arg.slice(i)}`);
          break;
        }
      }
      pending.unshift(...expanded);
      // Its options all stand at the group's own index.
      fromGroup = expanded.length;
    } else if (arg.length > 2 && arg[0] === '-' && arg[1] !== '-' && typeOf(longNameOf(arg[1], options), options) === 'string') {
      // -fBAR
      tokens.push({ kind: 'option', name: longNameOf(arg[1], options), rawName: `-${arg[1]}`, index, value: arg.slice(2), inlineValue: true });
    } else if (arg.startsWith('--') && arg.length > 2) {
      const equals = arg.indexOf('=', 3);
      if (equals === -1) {
        // --foo, --foo bar
        const name = arg.slice(2);
        let value;
        let inlineValue;
        if (typeOf(name, options) === 'string' && isValueFor(next)) {
          value = pending.shift();
          inlineValue = false;
        }
        tokens.push({ kind: 'option', name, rawName: arg, index, value, inlineValue });
        if (value != null) index++;
      } else {
        tokens.push({ kind: 'option', name: arg.slice(2, equals), rawName: arg.slice(0, equals), index, value: arg.slice(equals + 1), inlineValue: true });
      }
    } else {
      tokens.push({ kind: 'positional', index, value: arg });
    }
  }
  return tokens;
}

// Any next argument is taken as a value; one that looks like an option is refused later, in strict mode.
const isValueFor = (next) => next != null;

// -abc: several short options in one argument, unless the first takes a value.
function isShortGroup(arg, options) {
  if (arg.length <= 2 || arg[0] !== '-' || arg[1] === '-') return false;
  return typeOf(longNameOf(arg[1], options), options) !== 'string';
}

function take(token, settings, result) {
  if (token.kind === 'option') {
    checkOption(token, settings);
    storeOption(token, settings, result.values);
  } else if (token.kind === 'positional') {
    if (!settings.allowPositionals) throw new codes.ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL(token.value);
    result.positionals.push(token.value);
  }
}

// "--no-foo" where negative options are allowed.
function negated(token, { allowNegative }) {
  if (!allowNegative || !token.name.startsWith('no-') || token.value != null) return undefined;
  return token.name.slice(3);
}

function checkOption(token, settings) {
  if (!settings.strict) return;
  const { options, allowPositionals } = settings;
  let { name } = token;
  const positive = negated(token, settings);
  if (!hasOwn(options, name) && positive !== undefined && typeOf(positive, options) === 'boolean') name = positive;
  if (!hasOwn(options, name)) throw new codes.ERR_PARSE_ARGS_UNKNOWN_OPTION(token.rawName, allowPositionals);
  const short = ownOption(options[name], 'short');
  const shown = `${short ? `-${short}, ` : ''}--${name}`;
  const type = typeOf(name, options);
  if (type === 'string' && typeof token.value !== 'string') {
    throw new codes.ERR_PARSE_ARGS_INVALID_OPTION_VALUE(`Option '${shown} <value>' argument missing`);
  }
  if (type === 'boolean' && token.value != null) {
    throw new codes.ERR_PARSE_ARGS_INVALID_OPTION_VALUE(`Option '${shown}' does not take an argument`);
  }
  if (type === 'string' && token.inlineValue === false && !isValue(token.value)) {
    const example = token.rawName.startsWith('--')
      ? `'${token.rawName}=-XYZ'`
      : `'--${name}=-XYZ' or '${token.rawName}-XYZ'`;
    throw new codes.ERR_PARSE_ARGS_INVALID_OPTION_VALUE(
      `Option '${token.rawName}' argument is ambiguous.\nDid you forget to specify the option argument for '${token.rawName}'?\nTo specify an option argument starting with a dash use ${example}.`);
  }
}

function storeOption(token, settings, values) {
  let { name, value } = token;
  const { options } = settings;
  if (name === '__proto__') return;
  const positive = negated(token, settings);
  let stored = value ?? true;
  if (positive !== undefined) {
    name = positive;
    stored = false;
    // What programs see in the tokens is the option's own name.
    token.name = positive;
    token.value = undefined;
  }
  if (ownOption(ownOption(options, name) ?? {}, 'multiple')) {
    if (values[name]) values[name].push(stored);
    else values[name] = [stored];
  } else {
    values[name] = stored;
  }
}

module.exports = { parseArgs };
