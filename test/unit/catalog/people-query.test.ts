import { filterOfPeopleQuery } from '../../../src/catalog/people-query.ts';
import { parseFilter } from '../../../src/query/filter.ts';

describe('what people ask for in a URL', () => {
  it('is an empty filter when they ask for nothing', () => {
    expect(filterOfPeopleQuery({})).toEqual({});
  });

  it('is a filter in which each condition must hold', () => {
    expect(filterOfPeopleQuery({ tag: 'ai', registryType: 'aios', health: 'up' })).toEqual({
      $and: [{ container_registry_tags: 'ai' }, { 'container_registry_storage_info.registry_type': 'aios' }, { 'health.status': 'up' }],
    });
  });

  it.each(['.*', '(a+)+$', 'a|b', '[x', '\\', '^$', '{2}', 'a-b', '/', 'ä🚢'])('takes the words %j literally, as a filter that is accepted', (q) => {
    const filter = filterOfPeopleQuery({ q });
    expect(() => parseFilter(filter)).not.toThrow();
    const [condition] = filter['$and'] as [{ $or: { container_registry_id: { $regex: string } }[] }];
    const pattern = condition.$or[0]!.container_registry_id.$regex;
    expect(new RegExp(pattern, 'u').exec(`before ${q} after`)?.[0]).toBe(q);
    expect(new RegExp(`^${pattern}$`, 'u').test('something else')).toBe(false);
  });
});
