this.viaThis = 1; exports.both = this === exports;
