// net.BlockList and net.SocketAddress.
const native = require('./net_native');
const { codes } = require('./errors');
const { validateObject, validateString, validatePort, validateUint32, validateInt32 } = require('./validators');
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

class SocketAddress {
  #address;
  #port;
  #family;
  #flowlabel;

  static isSocketAddress(value) {
    return typeof value === 'object' && value !== null && #address in value;
  }

  constructor(options = {}) {
    validateObject(options, 'options');
    let { family = 'ipv4' } = options;
    const { address = family === 'ipv4' ? '127.0.0.1' : '::', port = 0, flowlabel = 0 } = options;
    if (typeof family?.toLowerCase === 'function') family = family.toLowerCase();
    if (family !== 'ipv4' && family !== 'ipv6') throw new codes.ERR_INVALID_ARG_VALUE('options.family', options.family);
    validateString(address, 'options.address');
    validatePort(port, 'options.port');
    validateUint32(flowlabel, 'options.flowlabel', false);
    if (native.isIP(address) !== (family === 'ipv4' ? 4 : 6)) throw new codes.ERR_INVALID_ADDRESS();
    this.#address = native.canonical(address);
    this.#port = port | 0;
    this.#family = family;
    this.#flowlabel = flowlabel;
  }

  static parse(input) {
    validateString(input, 'input');
    const v6 = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(input);
    const v4 = /^([^:]+)(?::(\d{1,5}))?$/.exec(input);
    const [, address, port = '0'] = v6 ?? v4 ?? [];
    if (address === undefined || native.isIP(address) !== (v6 ? 6 : 4) || port > 65535) return undefined;
    return new SocketAddress({ address, port: Number(port), family: v6 ? 'ipv6' : 'ipv4' });
  }

  get address() { return this.#address; }
  get port() { return this.#port; }
  get family() { return this.#family; }
  get flowlabel() { return this.#family === 'ipv6' ? this.#flowlabel : 0; }

  toJSON() {
    return { address: this.address, port: this.port, family: this.family, flowlabel: this.flowlabel };
  }

  [inspectCustom](depth, options, inspect) {
    if (depth < 0) return this;
    return `SocketAddress ${inspect(this.toJSON(), { ...options, depth: options.depth == null ? null : options.depth - 1 })}`;
  }
}

// An address as a number, an IPv4 one also where it is mapped into IPv6.
function bits(address) {
  if (native.isIP(address) === 4) {
    return [4, address.split('.').reduce((n, part) => n * 256n + BigInt(part), 0n)];
  }
  let text = address.replace(/%.*$/, '');
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted) {
    const n = bits(dotted[2])[1];
    text = `${dotted[1]}${(n >> 16n).toString(16)}:${(n & 0xffffn).toString(16)}`;
  }
  const [head, tail] = text.split('::');
  const left = head ? head.split(':') : [];
  const right = tail ? tail.split(':') : [];
  const groups = tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right];
  const n = groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
  return n >> 32n === 0xffffn ? [4, n & 0xffffffffn] : [6, n];
}

class BlockList {
  #rules = [];

  static isBlockList(value) {
    return typeof value === 'object' && value !== null && #rules in value;
  }

  addAddress(address, family = 'ipv4') {
    const at = toAddress(address, family);
    this.#rules.unshift({ kind: 'address', from: at, to: at });
  }

  addRange(start, end, family = 'ipv4') {
    const from = toAddress(start, family, 'start');
    const to = toAddress(end, family, 'end');
    if (from.family !== to.family || bits(from.address)[1] > bits(to.address)[1]) {
      throw new codes.ERR_INVALID_ARG_VALUE('start', start, 'must come before end');
    }
    this.#rules.unshift({ kind: 'range', from, to });
  }

  addSubnet(network, prefix, family = 'ipv4') {
    const at = toAddress(network, family, 'network');
    validateInt32(prefix, 'prefix', 0, at.family === 'ipv4' ? 32 : 128);
    this.#rules.unshift({ kind: 'subnet', from: at, to: at, prefix });
  }

  check(address, family = 'ipv4') {
    if (!SocketAddress.isSocketAddress(address)) {
      validateString(address, 'address');
      validateString(family, 'family');
      try {
        address = new SocketAddress({ address, family });
      } catch {
        return false;
      }
    }
    const [kind, n] = bits(address.address);
    return this.#rules.some((rule) => {
      const [ruleKind, from] = bits(rule.from.address);
      if (ruleKind !== kind) return false;
      if (rule.kind !== 'subnet') return from <= n && n <= bits(rule.to.address)[1];
      const width = rule.from.family === 'ipv4' ? 32 : 128;
      const shift = BigInt(Math.max(0, Math.min(width, kind === 4 ? 32 : 128) - (kind === 4 && width === 128 ? rule.prefix - 96 : rule.prefix)));
      return n >> shift === from >> shift;
    });
  }

  get rules() {
    return this.#rules.map((rule) => {
      const family = rule.from.family === 'ipv4' ? 'IPv4' : 'IPv6';
      if (rule.kind === 'address') return `Address: ${family} ${rule.from.address}`;
      if (rule.kind === 'range') return `Range: ${family} ${rule.from.address}-${rule.to.address}`;
      return `Subnet: ${family} ${rule.from.address}/${rule.prefix}`;
    });
  }

  toJSON() {
    return this.rules;
  }

  fromJSON(data) {
    const list = typeof data === 'string' ? JSON.parse(data) : data;
    if (!Array.isArray(list)) throw new codes.ERR_INVALID_ARG_TYPE('data', ['string[]', 'string'], data);
    for (const text of list) {
      const [, kind, family, rest] = /^(Address|Range|Subnet): (IPv[46]) (.*)$/.exec(text) ?? [];
      const lower = family?.toLowerCase();
      if (kind === 'Address') this.addAddress(rest, lower);
      else if (kind === 'Range') this.addRange(...rest.split('-'), lower);
      else if (kind === 'Subnet') this.addSubnet(rest.split('/')[0], Number(rest.split('/')[1]), lower);
    }
  }

  [inspectCustom](depth, options, inspect) {
    if (depth < 0) return this;
    return `BlockList ${inspect({ rules: this.rules }, { ...options, depth: options.depth == null ? null : options.depth - 1 })}`;
  }
}

function toAddress(address, family, name = 'address') {
  if (SocketAddress.isSocketAddress(address)) return address;
  validateString(address, name);
  validateString(family, 'family');
  return new SocketAddress({ address, family });
}

module.exports = { BlockList, SocketAddress };
