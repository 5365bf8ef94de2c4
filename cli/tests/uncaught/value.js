setTimeout(() => { throw 1; }, 1);
