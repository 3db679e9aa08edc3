import { elementsOf, linesOf, type Piece } from '../../../src/catalog/bulk/pieces.ts';
import { randomSource } from '../../support/random.ts';

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function collect(pieces: AsyncIterable<Piece>): Promise<Piece[]> {
  const all: Piece[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

const SIZES = [1, 2, 3, 7, 64, 100_000];

describe('lines of NDJSON', () => {
  it.each(SIZES)('come whole and numbered, however the bytes are cut (chunks of %i)', async (size) => {
    const text = '{"a":"ä😀"}\r\n\n  \n{"b":[1,2]}\n{"c":3}';
    expect(await collect(linesOf(chunksOf(Buffer.from(text), size), 100))).toEqual([
      { line: 1, text: '{"a":"ä😀"}' },
      { line: 4, text: '{"b":[1,2]}' },
      { line: 5, text: '{"c":3}' },
    ]);
  });

  it.each(SIZES)('that are too long or not UTF-8 are told, and stop nothing (chunks of %i)', async (size) => {
    const bytes = Buffer.concat([Buffer.from(`${'x'.repeat(500)}\n{"ok":1}\n`), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('{"ok":2}\n')]);
    expect(await collect(linesOf(chunksOf(bytes, size), 100))).toEqual([
      { line: 1, fault: 'too_long' },
      { line: 2, text: '{"ok":1}' },
      { line: 3, fault: 'not_utf8' },
      { line: 4, text: '{"ok":2}' },
    ]);
  });

  it('may begin with a byte order mark', async () => {
    expect(await collect(linesOf(chunksOf(Buffer.from('\uFEFF{"a":1}\n'), 100), 100))).toEqual([{ line: 1, text: '{"a":1}' }]);
  });

  it('are none where there is nothing', async () => {
    expect(await collect(linesOf(chunksOf(Buffer.from(''), 1), 10))).toEqual([]);
    expect(await collect(linesOf(chunksOf(Buffer.from(' \n\n'), 1), 10))).toEqual([]);
  });
});

describe('elements of a JSON array', () => {
  it.each(SIZES)('come as their texts, however the bytes are cut (chunks of %i)', async (size) => {
    const text = '\uFEFF [ {"a":"],[\\"\\\\"} , {"b":[1,{"c":[]}]},\n"x,y" ]\n';
    expect(await collect(elementsOf(chunksOf(Buffer.from(text), size), 100))).toEqual([
      { line: 1, text: '{"a":"],[\\"\\\\"}' },
      { line: 2, text: '{"b":[1,{"c":[]}]}' },
      { line: 3, text: '"x,y"' },
    ]);
  });

  it('are what JSON.parse finds, for random arrays', async () => {
    const random = randomSource(7);
    const characters = ['"', '\\', ',', '[', ']', '{', '}', 'é', ' '];
    const value = (depth: number): unknown => {
      const kind = random.int(depth > 3 ? 2 : 4);
      if (kind === 0) return random.int(1_000);
      if (kind === 1) return Array.from({ length: random.int(7) }, () => random.pick(characters)).join('');
      const members = Array.from({ length: random.int(4) }, () => value(depth + 1));
      return kind === 2 ? members : Object.fromEntries(members.map((member, index) => [`k"${index}`, member]));
    };
    for (let round = 0; round < 200; round++) {
      const array = Array.from({ length: random.int(6) }, () => value(0));
      const found = await collect(elementsOf(chunksOf(Buffer.from(JSON.stringify(array, null, random.int(3))), 1 + random.int(20)), 10_000));
      expect(found.map((piece) => JSON.parse('text' in piece ? piece.text : 'null') as unknown)).toEqual(array);
    }
  });

  it('that end too early, or are no array, are told', async () => {
    expect(await collect(elementsOf(chunksOf(Buffer.from('[{"a":1},{"b"'), 3), 100))).toEqual([{ line: 1, text: '{"a":1}' }, { line: 2, fault: 'cut_off' }]);
    expect(await collect(elementsOf(chunksOf(Buffer.from('{"a":1}'), 3), 100))).toEqual([{ line: 1, fault: 'not_an_array' }]);
    expect(await collect(elementsOf(chunksOf(Buffer.from('  '), 1), 100))).toEqual([{ line: 1, fault: 'not_an_array' }]);
  });

  it('are read no further than the array’s end, and too long ones are told', async () => {
    expect(await collect(elementsOf(chunksOf(Buffer.from(`["${'x'.repeat(200)}",1] junk`), 10), 100))).toEqual([
      { line: 1, fault: 'too_long' },
      { line: 2, text: '1' },
    ]);
  });
});
