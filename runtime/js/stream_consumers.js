// `stream/consumers`: all of a stream as one value.


/** Everything, as a Blob. */
async function blob(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Blob(chunks);
}

/** Everything, as an ArrayBuffer. */
async function arrayBuffer(stream) {
  const all = await buffer(stream);
  return all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength);
}

/** Everything, as a Buffer. */
async function buffer(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    // As parts of a Blob: what is no bytes counts as text.
    if (ArrayBuffer.isView(chunk)) chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    else chunks.push(Buffer.from(chunk instanceof ArrayBuffer || chunk instanceof SharedArrayBuffer ? chunk : String(chunk)));
  }
  return Buffer.concat(chunks);
}

/** Everything, as a Uint8Array. */
async function bytes(stream) {
  const all = await buffer(stream);
  return new Uint8Array(all.buffer, all.byteOffset, all.byteLength);
}

/** Everything, as text. */
async function text(stream) {
  const decoder = new TextDecoder();
  let all = '';
  for await (const chunk of stream) all += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  return all + decoder.decode();
}

/** Everything, parsed as JSON. */
async function json(stream) {
  return JSON.parse(await text(stream));
}

module.exports = { arrayBuffer, blob, buffer, bytes, text, json };
