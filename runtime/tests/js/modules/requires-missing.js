require('./really-missing');
