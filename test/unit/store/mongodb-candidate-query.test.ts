import { Decimal128, ObjectId } from 'mongodb';
import type { Scope } from '../../../src/core/access.ts';
import { parseFilter } from '../../../src/query/filter.ts';
import { candidateQueryOf } from '../../../src/store/mongodb/candidate-query.ts';

const queryFor = (filter: unknown, scope: Scope | null = null): unknown => candidateQueryOf(parseFilter(filter), scope);

describe('the candidates that MongoDB is asked for', () => {
  it('are narrowed by equality, $in and ranges', () => {
    expect(queryFor({ container_registry_tags: { $in: ['ai-1', 'edge-1'] } })).toEqual({ container_registry_tags: { $in: ['ai-1', 'edge-1'] } });
    expect(queryFor({ 'container_registry_metadata.size': { $gte: 5 } })).toEqual({ 'container_registry_metadata.size': { $gte: 5 } });
    expect(queryFor({ 'container_registry_config.auth': true, container_registry_tags: 'ai-1' })).toEqual({
      $and: [{ 'container_registry_config.auth': { $in: [true] } }, { container_registry_tags: { $in: ['ai-1'] } }],
    });
  });

  it('are narrowed through $elemMatch', () => {
    const query = queryFor({ 'container_registry_metadata.mirrors': { $elemMatch: { port: 5000 } } });
    expect(query).toEqual({ 'container_registry_metadata.mirrors.port': { $in: [5000] } });
  });

  it.each([
    ['a position in an array, or a key of digits', { 'container_registry_metadata.a.0': 5 }],
    ['an array in an array', { 'container_registry_metadata.a': { $elemMatch: { $elemMatch: { $gt: 1 } } } }],
    ['an array in an array, by position', { 'container_registry_metadata.a': { $elemMatch: { 0: 5 } } }],
    ['a negation', { container_registry_name: { $ne: 'x' } }],
    ['a missing value', { 'container_registry_metadata.a': null }],
    ['a number that MongoDB holds more exactly than JSON', { 'container_registry_metadata.a': 2 ** 53 }],
    ['an alternative that does not narrow', { $or: [{ container_registry_name: 'x-1' }, { container_registry_name: { $regex: 'x' } }] }],
  ])('are all records where the filter is about %s', (_what, filter) => {
    expect(queryFor(filter)).toBeNull();
  });

  it('keep the conjuncts that narrow beside one that does not', () => {
    expect(queryFor({ 'container_registry_metadata.a.0': 5, container_registry_tags: 'ai-1' })).toEqual({ container_registry_tags: { $in: ['ai-1'] } });
  });

  it('include what is shown as the text looked for', () => {
    const hex = '65f1a0b2c3d4e5f60718293a';
    const day = '2024-05-01T12:00:00.000Z';
    expect(queryFor({ 'container_registry_metadata.a': { $in: [hex, day, '12.50'] } })).toMatchObject({
      $or: [
        { 'container_registry_metadata.a': { $in: [hex, new ObjectId(hex), day, new Date(day), '12.50', Decimal128.fromString('12.50')] } },
        { 'container_registry_metadata.a': { $type: 'binData' } },
      ],
    });
  });

  it('include documents without book-keeping for what book-keeping says', () => {
    expect(queryFor({ 'meta.revision': { $lt: 3 } })).toEqual({ $or: [{ '_portolan.revision': { $lt: 3 } }, { '_portolan.revision': { $eq: null } }] });
    expect(queryFor({ 'health.status': 'unknown' })).toEqual({
      $or: [{ '_portolan.health.status': { $in: ['unknown'] } }, { '_portolan.health.status': { $eq: null } }],
    });
  });

  it('leave out documents without book-keeping where these are shown as open and belonging to nobody', () => {
    expect(queryFor({ 'meta.owner': 'ann-1' })).toEqual({ '_portolan.owner': { $in: ['ann-1'] } });
    expect(queryFor({ 'meta.shared_with.with': 'user:ann' })).toEqual({ '_portolan.shared_with.with': { $in: ['user:ann'] } });
    expect(queryFor({ 'meta.visibility': { $in: ['public', 'private'] } })).toEqual({ '_portolan.visibility': { $in: ['public', 'private'] } });
    expect(queryFor({ 'meta.visibility': 'internal' })).toMatchObject({ $or: expect.arrayContaining([{ '_portolan.visibility': { $eq: null } }]) });
  });

  it('are narrowed by scopes that hold few records, and not by others', () => {
    const scope: Scope = { visibilities: ['public'], owner: null, members: [] };
    expect(queryFor({}, scope)).toEqual({ $or: [{ '_portolan.visibility': { $in: ['public'] } }] });
    expect(queryFor({ container_registry_tags: 'ai-1' }, { ...scope, owner: 'ann', members: ['user:ann'] })).toEqual({
      $and: [
        { container_registry_tags: { $in: ['ai-1'] } },
        { $or: [{ '_portolan.visibility': { $in: ['public'] } }, { '_portolan.owner': 'ann' }, { '_portolan.shared_with.with': { $in: ['user:ann'] } }] },
      ],
    });
    expect(queryFor({}, { ...scope, visibilities: ['public', 'internal'], owner: 'ann' })).toBeNull();
  });
});
