const interval = setInterval(() => console.log('interval'), 1);
setTimeout(() => { clearInterval(interval); console.log('stop'); }, 4);
