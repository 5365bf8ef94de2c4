function ( { ] => `${ class extends  async * yield } "\u{110000}" 0b12 /[/ 'a
