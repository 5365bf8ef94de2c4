// Teaches: all, allSettled, race and any differ in *when* they answer and in *what* they do
// with a rejection.
// Predict: what does each of the four print, and in which order do they print?
const after = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
const failAfter = (ms, text) =>
  new Promise((_, reject) => setTimeout(() => reject(new Error(text)), ms));

const show = (name) => [
  (value) => console.log(`${name} fulfilled:`, value),
  (error) => console.log(`${name} rejected:`, error.name, error.message),
];

const quick = failAfter(20, 'quick failure');
const middle = after(60, 'middle');
const slow = after(120, 'slow');

Promise.race([slow, middle, quick]).then(...show('race'));
Promise.any([slow, middle, quick]).then(...show('any'));
Promise.all([slow, middle, quick]).then(...show('all'));
Promise.allSettled([slow, middle, quick]).then((results) => {
  console.log('allSettled:', results.map((r) => r.status).join(', '));
});
Promise.any([Promise.reject(1), Promise.reject(2)]).catch((e) => {
  console.log('any of none:', e.name, e.errors);
});
