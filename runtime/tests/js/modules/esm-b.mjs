console.log('esm-b runs'); export default class B {}; export const b = 'b';
