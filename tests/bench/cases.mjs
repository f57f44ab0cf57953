// The whole windows that are measured. A fill is a table of changes; cases of one fill read the same changes.
const RECORDS = Number(process.env.RECORDS ?? 1_000_000);
const LARGE_RECORDS = Number(process.env.LARGE_RECORDS ?? 10_000_000);
const UPLOAD_MIB = Number(process.env.UPLOAD_MIB ?? 200);
const REPEAT = Number(process.env.REPEAT ?? 3);

function fill(records, cells, shards, more = {}) {
  return { name: `${records}x${cells}s${shards}${more.kinds ? '-text' : ''}`, records, cells, shards, more };
}

function measure(name, filled, more = {}) {
  return { name, fill: filled, sourceTls: false, targetTls: false, compress: null, repeat: 1, ...more };
}

// Rows of 64 KiB: what remains is reading and sending. Rows of 20 and 400 KB in 16 shards: pages that are larger than meant.
function upload() {
  const rows = fill(UPLOAD_MIB * 16, 8, 1, { kinds: ['string'], string_bytes: 8192 });
  const wide = fill(UPLOAD_MIB * 50, 8, 16, { kinds: ['string'], string_bytes: 2500 });
  const widest = fill(Math.ceil(UPLOAD_MIB * 2.5), 8, 16, { kinds: ['string'], string_bytes: 50_000 });
  return [measure('upload over HTTP', rows, { repeat: REPEAT }),
    measure('upload over TLS', rows, { targetTls: true, repeat: REPEAT }),
    measure('rows of 20 KB, 16 shards', wide), measure('rows of 400 KB, 16 shards', widest)];
}

function windows() {
  const list = [];
  for (const cells of [8, 1, 32]) {
    for (const shards of [1, 16]) {
      const rows = fill(RECORDS, cells, shards);
      const name = `${cells} cell${cells === 1 ? '' : 's'}, ${shards} shard${shards === 1 ? '' : 's'}`;
      list.push(measure(name, rows, { repeat: cells === 8 ? REPEAT : 1 }));
      if (cells !== 8) continue;
      list.push(measure(`${name}, gzip`, rows, { compress: 'gzip' }));
      list.push(measure(`${name}, zstd`, rows, { compress: 'zstd' }));
      list.push(measure(`${name}, TLS`, rows, { sourceTls: true, targetTls: true }));
    }
  }
  return list;
}

function large() {
  return [1, 16].map((shards) => measure(`8 cells, ${shards} shard${shards === 1 ? '' : 's'}`, fill(LARGE_RECORDS, 8, shards)));
}

export const PARTS = { windows, large, upload };

// Bytes on the disk while a case runs, measured and rounded up: records as they travel, objects as CSV, and the parts
// of an upload beside the object they become.
export function diskNeeded({ fill: { records, cells, more } }) {
  const travelling = 100 + cells * (more.string_bytes ? more.string_bytes + 30 : 38);
  const csv = 28 + cells * (more.string_bytes ? more.string_bytes + 30 : 14);
  return records * (travelling + 2 * csv);
}
