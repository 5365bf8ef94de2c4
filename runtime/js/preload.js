// --import: modules that are evaluated before the program.
module.exports = async (names, importOne, main) => {
  for (const name of names) await importOne(name);
  main();
};
