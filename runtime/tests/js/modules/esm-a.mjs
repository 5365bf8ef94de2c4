export default 'default A'; export const named = 'named A'; export let counter = 0; export function inc() { counter++; }
