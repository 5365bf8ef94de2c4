// What both sides of a worker have.

module.exports = {
  SHARE_ENV: Symbol.for('nodejs.worker_threads.SHARE_ENV'),
  environment: require('./worker_thread').environment,
};
