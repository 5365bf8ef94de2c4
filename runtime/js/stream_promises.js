// `stream/promises`

const { finished, isIterable, isNodeStream, isWebStream } = require('/stream_util');
const { pipelineImpl } = require('/stream_pipeline');

/** Pipes streams together; resolves when the last one is done. */
function pipeline(...streams) {
  return new Promise((resolve, reject) => {
    let signal;
    let end;
    const last = streams[streams.length - 1];
    if (last && typeof last === 'object' && !isNodeStream(last) && !isIterable(last) && !isWebStream(last)) {
      ({ signal, end } = streams.pop());
    }
    pipelineImpl(streams, (error, value) => {
      if (error) reject(error);
      else resolve(value);
    }, { signal, end });
  });
}

module.exports = { finished, pipeline };
