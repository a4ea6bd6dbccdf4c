/** As much of BSON (bsonspec.org) as answers need: texts, whole numbers of 32 bits, and documents within each other. */

export interface BsonDocument {
  readonly [name: string]: string | number | BsonDocument;
}

const TYPE = { text: 0x02, document: 0x03, int32: 0x10 } as const;

/** @throws RangeError for a number that is not a whole one of 32 bits, or a name with a zero in it */
export function encodeBson(document: BsonDocument): Buffer {
  const elements = Object.entries(document).flatMap(([name, value]) => {
    if (name.includes('\0')) throw new RangeError(`name: expected no zero character, got ${JSON.stringify(name)}`);
    const [type, bytes] = encodeValue(value);
    return [Buffer.of(type), Buffer.from(`${name}\0`), bytes];
  });
  const body = Buffer.concat([...elements, Buffer.of(0)]);
  return Buffer.concat([int32(body.length + 4), body]);
}

function encodeValue(value: string | number | BsonDocument): [type: number, bytes: Buffer] {
  if (typeof value === 'number') return [TYPE.int32, int32(value)];
  if (typeof value === 'object') return [TYPE.document, encodeBson(value)];
  const text = Buffer.from(`${value}\0`);
  return [TYPE.text, Buffer.concat([int32(text.length), text])];
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
