throw { code: 'mine' };
