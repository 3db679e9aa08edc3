import { createRowCache } from '../../../src/store/sqlite/row-cache.ts';
import { StoredRow } from '../../../src/store/sqlite/row.ts';

const row = (id: string, length = 10): StoredRow => new StoredRow([id, 'x'.repeat(length), '', 1, '', '', '{"status":"up"}']);

describe('the cache of rows', () => {
  it('gives back what was put into it, until that is dropped or all is cleared', () => {
    const cache = createRowCache(1_000);
    const [a, b] = [row('a'), row('b')];
    cache.put(a);
    cache.put(b);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([a, b, undefined]);
    cache.drop('a');
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, b]);
    cache.clear();
    expect(cache.get('b')).toBeUndefined();
  });

  it('holds no more text than it may, however much is put into it', () => {
    const cache = createRowCache(1_000);
    const ids = Array.from({ length: 500 }, (_unused, index) => `r${index}`);
    for (const id of ids) cache.put(row(id));
    const held = ids.filter((id) => cache.get(id) !== undefined);
    expect(held.length).toBeGreaterThanOrEqual(50);
    expect(held.length).toBeLessThanOrEqual(100);
    expect(held).toEqual(expect.arrayContaining(ids.slice(-50)));
  });

  it('keeps what is asked for again and again', () => {
    const cache = createRowCache(1_000);
    const hot = row('hot');
    cache.put(hot);
    for (let n = 0; n < 500; n++) {
      cache.put(row(`r${n}`));
      expect(cache.get('hot')).toBe(hot);
    }
  });

  it('drops a row wherever it stands, also after it has grown old', () => {
    const cache = createRowCache(100);
    cache.put(row('a'));
    for (let n = 0; n < 6; n++) cache.put(row(`r${n}`));
    cache.drop('a');
    expect(cache.get('a')).toBeUndefined();
  });

  it('takes a row that is larger than it may hold, and forgets it soon', () => {
    const cache = createRowCache(100);
    cache.put(row('large', 5_000));
    cache.put(row('a'));
    cache.put(row('b', 60));
    expect(cache.get('large')).toBeUndefined();
  });
});
