console.log('tla before'); export const w = await Promise.resolve('awaited'); console.log('tla after');
