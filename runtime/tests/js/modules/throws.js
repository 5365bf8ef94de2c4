console.log('throws runs'); throw new RangeError('module threw');
