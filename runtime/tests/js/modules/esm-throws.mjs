console.log('esm-throws runs'); throw new Error('esm threw');
