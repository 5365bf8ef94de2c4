setTimeout(() => console.log('unref timer'), 1).unref();
setImmediate(() => console.log('immediate'));
