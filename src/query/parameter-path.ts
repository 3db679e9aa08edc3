import { AppError } from '../core/errors.ts';
import { shortened } from './filter-errors.ts';
import { pathFault } from './path.ts';

/**
 * Reads one dotted path of the query parameter `parameter`.
 * @throws {AppError} `INVALID_PARAMETER`
 */
export function parseParameterPath(parameter: 'sort' | 'fields', path: string, roots: ReadonlySet<string>): string[] {
  const segments = path.split('.');
  const [root = ''] = segments;
  const fault = path === '' ? 'is empty; join field names by single commas' : (pathFault(path) ?? rootFault(root, roots));
  if (fault === null) return segments;
  const message = `In the parameter ${parameter}, \`${shortened(path)}\` ${fault}.`;
  throw new AppError('INVALID_PARAMETER', message, { details: [{ path: parameter, message }] });
}

function rootFault(root: string, roots: ReadonlySet<string>): string | null {
  return roots.has(root) ? null : `does not begin with a field of a record, which are ${[...roots].join(', ')}`;
}
