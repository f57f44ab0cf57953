// Reads the PlainBuffer row of a stream record, for tests that look at what it says. Written from the description of
// the format; shares nothing with the C++ readers. Checksums are left to the SDKs.
const HEADER = 0x75;

function variant(bytes, at) {
  switch (bytes[at]) {
    case 0: return bytes.readBigInt64LE(at + 1);
    case 1: return bytes.readDoubleLE(at + 1);
    case 2: return bytes[at + 1] === 1;
    case 3: return bytes.toString('utf8', at + 5, at + 5 + bytes.readUInt32LE(at + 1));
    case 7: return bytes.subarray(at + 5, at + 5 + bytes.readUInt32LE(at + 1));
    default: throw new Error(`unknown type ${bytes[at]} at ${at}`);
  }
}

// {key: {name: value}, cells: [{name, value, op, timestamp}], marker, epoch, time, row}: integers are BigInt, time is
// in microseconds.
export function decodeRecord(bytes) {
  if (bytes.readUInt32LE(0) !== HEADER) throw new Error('no header');
  const row = { key: {}, cells: [], marker: false };
  let at = 4, inKey = true, cell;
  const tags = {
    1: () => { inKey = true; },
    2: () => { inKey = false; },
    3: () => { cell = {}; },
    4: () => { const length = bytes.readUInt32LE(at); cell.name = bytes.toString('utf8', at + 4, at + 4 + length); at += 4 + length; },
    5: () => { cell.value = variant(bytes, at + 4); at += 4 + bytes.readUInt32LE(at); },
    6: () => { cell.op = bytes[at++]; },
    7: () => { cell.timestamp = Number(bytes.readBigInt64LE(at)); at += 8; },
    8: () => { row.marker = true; },
    9: () => { at += 1; },
    10: () => { at += 1; if (inKey) row.key[cell.name] = cell.value; else row.cells.push(cell); },
    11: () => { at += 4; },
    12: () => { at += 4; },
    13: () => { row.epoch = bytes.readInt32LE(at); at += 4; },
    14: () => { row.time = Number(bytes.readBigInt64LE(at)); at += 8; },
    15: () => { row.row = bytes.readInt32LE(at); at += 4; },
  };
  while (at < bytes.length) tags[bytes[at++]]();
  return row;
}
