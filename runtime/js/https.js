// node:https: there is no TLS here (yet). What needs none works; the rest fails by name.
const http = require('http');
const { codes } = require('./errors');

function unavailable(what) {
  return new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM(`${what} (TLS is not built in)`);
}

class Agent extends http.Agent {
  constructor(options) {
    super(options);
    this.defaultPort = 443;
    this.protocol = 'https:';
  }

  createConnection() {
    throw unavailable('https.Agent');
  }
}

module.exports = {
  Agent,
  globalAgent: new Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5000 }),
  Server: class Server { constructor() { throw unavailable('https.Server'); } },
  createServer() { throw unavailable('https.createServer'); },
  request() { throw unavailable('https.request'); },
  get() { throw unavailable('https.get'); },
};
