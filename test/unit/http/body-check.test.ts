import type { AppError } from '../../../src/core/errors.ts';
import { bodies, createBodyCheck } from '../../../src/http/body-check.ts';

const check = createBodyCheck(bodies.compile<{ name: string; role?: string; count?: number | null }>({
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: { name: { type: 'string', maxLength: 5, pattern: '^[a-z]+$' }, role: { type: 'string', enum: ['a', 'b'] }, count: { type: ['integer', 'null'] }, list: { type: 'array', items: { type: 'string' } } },
}));

describe('a body', () => {
  it('that is as its schema says is handed back', () => {
    const body = { name: 'ann', count: null };
    expect(check(body)).toBe(body);
  });

  it.each<[string, unknown, string, string]>([
    ['lacks a field', {}, 'name', 'The field "name" is missing.'],
    ['has a field too many', { name: 'ann', has_admin_role: true }, 'has_admin_role', 'The field "has_admin_role" is not known here; the body takes name, role, count, list.'],
    ['abuse 18: has an operator where a text belongs', { name: { $ne: null } }, 'name', 'The field "name" must be of the type string.'],
    ['has a prototype’s name', JSON.parse('{"name":"ann","__proto__":{"x":1}}'), '__proto__', 'The field "__proto__" is not known here; the body takes name, role, count, list.'],
    ['has another word than those allowed', { name: 'ann', role: 'c' }, 'role', 'The field "role" must be one of a, b.'],
    ['has another type', { name: 'ann', count: '1' }, 'count', 'The field "count" must be of the type integer or null.'],
    ['has a text of the wrong form', { name: 'ANN' }, 'name', 'The field "name" must match ^[a-z]+$.'],
    ['is wrong inside a list', { name: 'ann', list: ['a', 1] }, 'list.1', 'The field "list.1" must be of the type string.'],
    ['is no object', [], '', 'The body must be of the type object.'],
    ['is null', null, '', 'The body must be of the type object.'],
  ])('that %s is refused by name', (_how, body, path, message) => {
    expect(() => check(body as never)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST', message, details: [expect.objectContaining({ path })] }));
  });

  it('with many mistakes names the first and lists some', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_unused, n) => [`k${n}`, n]));
    const caught = (): AppError | null => {
      try {
        check(many);
        return null;
      } catch (error) {
        return error as AppError;
      }
    };
    expect([caught()?.message, caught()?.details.length]).toEqual(['The field "name" is missing (and 1000 more).', 20]);
  });
});
