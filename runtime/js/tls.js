// node:tls: there is no TLS here (yet): what would need it fails by name, so that libraries which only look at the module go on.
const net = require('net');
const { codes } = require('./errors');

function unavailable(what) {
  return new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM(`${what} (TLS is not built in)`);
}

class TLSSocket extends net.Socket {
  constructor() {
    throw unavailable('tls.TLSSocket');
  }
}

class Server extends net.Server {
  constructor() {
    throw unavailable('tls.Server');
  }
}

module.exports = {
  TLSSocket,
  Server,
  connect() { throw unavailable('tls.connect'); },
  createServer() { throw unavailable('tls.createServer'); },
  createSecureContext() { throw unavailable('tls.createSecureContext'); },
  checkServerIdentity() { throw unavailable('tls.checkServerIdentity'); },
  getCiphers: () => [],
  rootCertificates: Object.freeze([]),
  DEFAULT_ECDH_CURVE: 'auto',
  DEFAULT_MAX_VERSION: 'TLSv1.3',
  DEFAULT_MIN_VERSION: 'TLSv1.2',
  CLIENT_RENEG_LIMIT: 3,
  CLIENT_RENEG_WINDOW: 600,
};
