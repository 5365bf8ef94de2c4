// A cache that nobody empties: who holds the requests?
class Request {
  constructor(id) {
    this.id = id;
    this.body = new Array(20).fill(id);
  }
}
const cache = new Map();
let served = 0;
function serve(id) {
  const request = new Request(id);
  cache.set('request ' + id, { request, seen: false });
  served++;
}
const timer = setInterval(() => {
  for (let i = 0; i < 100; i++) serve(served);
  if (served === 500) clearInterval(timer);
  if (typeof gc === 'function') gc();
}, 1);
