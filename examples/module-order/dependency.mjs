// Imported by main-esm.mjs; runs before it.
console.log('dependency runs');
export const name = 'dependency';
