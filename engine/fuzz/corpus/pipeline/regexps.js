'aBc-12'.replace(/(?<letters>[a-z]+)-(?<digits>\d+)/giu, (...m) => m.at(-1).digits); /(?<=a)b(?!c)|\p{Lu}\k<n>(?<n>x)/u.exec('ab');
/[\p{L}--[a-z]]/v.test('A'); 'x'.matchAll(/(?:)/g).next(); /(a*)*$/.test('a'.repeat(10) + 'b'); new RegExp('['.repeat(3));
