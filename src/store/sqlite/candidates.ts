import { compareText } from '../../query/compare.ts';
import { limits } from '../../core/limits.ts';
import { rangeCondition, type Arm } from './arms.ts';
import type { Connection } from './connection.ts';
import type { Plan } from './plan.ts';
import type { TermValue } from './terms.ts';

/** Some candidates in the order of their ids, each once. All up to and with `through` are there; `null`: all that there are. */
export interface CandidatePage {
  readonly ids: readonly string[];
  readonly through: string | null;
}

/** Reads the next candidates after an id: about `wanted` of them, sometimes none although more follow. */
export function candidatePage(connection: Connection, arms: readonly Arm[], afterId: string, wanted: number): CandidatePage {
  const perArm = Math.max(CANDIDATES_PER_ARM_MIN, Math.ceil((wanted * 2) / arms.length));
  return mergePages(arms.map((arm) => readArm(connection, arm, afterId, Math.min(wanted, perArm))));
}

/** Fewer would cost a look-up for each. */
const CANDIDATES_PER_ARM_MIN = 8;

/** A range is read whole for every page, so its pages are so large that few are needed. */
const RANGE_PAGES_MAX = 8;

function mergePages(parts: readonly CandidatePage[]): CandidatePage {
  const filled = parts.filter(({ ids, through }) => ids.length > 0 || through !== null);
  const [only] = filled;
  if (only === undefined) return { ids: [], through: null };
  if (filled.length === 1) return only;
  let through: string | null = null;
  for (const part of filled) {
    if (part.through !== null && (through === null || compareText(part.through, through) < 0)) through = part.through;
  }
  const sorted = filled.flatMap(({ ids }) => ids).sort(compareText);
  const unique = sorted.filter((id, index) => id !== sorted[index - 1]);
  const end = through;
  return { ids: end === null ? unique : unique.filter((id) => compareText(id, end) <= 0), through };
}

function readArm(connection: Connection, arm: Arm, afterId: string, wanted: number): CandidatePage {
  const { source } = arm;
  switch (source.kind) {
    case 'ids': {
      const ids = source.ids.filter((id) => compareText(id, afterId) > 0);
      return { ids, through: null };
    }
    case 'term':
      return readRows(connection, arm, wanted, 'SELECT id FROM terms WHERE path_id = ? AND value = ? AND id > ? ORDER BY id LIMIT ?', [source.pathId, source.value, afterId]);
    case 'idRange': {
      // One lower bound, so that SQLite starts there.
      const isPastLow = compareText(afterId, source.low.value) >= 0;
      const { sql, parameters } = rangeCondition('id', isPastLow ? { ...source, low: { value: afterId, inclusive: false } } : source);
      return readRows(connection, arm, wanted, `SELECT id FROM records WHERE ${sql} ORDER BY id LIMIT ?`, parameters);
    }
    case 'termRange': {
      const { sql, parameters } = rangeCondition('value', source);
      const rows = Math.max(wanted, Math.ceil(arm.rangeRows / RANGE_PAGES_MAX));
      return readRows(connection, arm, rows, `SELECT DISTINCT id FROM terms WHERE path_id = ? AND ${sql} AND id > ? ORDER BY id LIMIT ?`, [source.pathId, ...parameters, afterId]);
    }
  }
}

function readRows(connection: Connection, arm: Arm, wanted: number, sql: string, parameters: readonly (TermValue | number)[]): CandidatePage {
  const test = testOf(arm.tests);
  const rows =
    test === null
      ? connection.all(sql, ...parameters, wanted)
      : connection.all(`SELECT c.id, ${test.sql} FROM (${sql}) AS c`, ...test.parameters, ...parameters, wanted);
  const ids: string[] = [];
  for (const row of rows) if (test === null || row[1] === 1) ids.push(row[0] as string);
  return { ids, through: rows.length < wanted ? null : ((rows.at(-1)?.[0] as string | undefined) ?? null) };
}

/** Whether a candidate `c` satisfies something, as SQL. */
interface Test {
  readonly sql: string;
  readonly parameters: readonly (TermValue | number)[];
}

/** All tests that an index can answer for a single record, as far as they are few; the matcher does the others anyway. */
function testOf(plans: readonly Plan[]): Test | null {
  const tests: Test[] = [];
  let parameters = 0;
  for (const plan of plans) {
    const test = testOfPlan(plan);
    if (test === null || parameters + test.parameters.length > limits.queryTestParametersMax) continue;
    parameters += test.parameters.length;
    tests.push(test);
  }
  return tests.length === 0 ? null : join(tests, 'AND');
}

/** A range of values cannot be tested: the index is in the order of values, not of ids. */
function testOfPlan(plan: Plan): Test | null {
  switch (plan.kind) {
    case 'terms':
      return plan.values.length > limits.queryTestParametersMax
        ? null
        : { sql: `EXISTS (SELECT 1 FROM terms AS x WHERE x.path_id = ? AND x.value IN (${marksFor(plan.values)}) AND x.id = c.id)`, parameters: [plan.pathId, ...plan.values] };
    case 'ids':
      return plan.ids.length > limits.queryTestParametersMax ? null : { sql: `c.id IN (${marksFor(plan.ids)})`, parameters: plan.ids };
    case 'idRange':
      return rangeCondition('c.id', plan);
    case 'termRange':
      return null;
    case 'and':
      return testOf(plan.of);
    case 'or': {
      const tests = plan.of.map(testOfPlan).filter((test) => test !== null);
      return tests.length < plan.of.length || tests.length === 0 ? null : join(tests, 'OR');
    }
  }
}

function marksFor(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

function join(tests: readonly Test[], operator: 'AND' | 'OR'): Test {
  return { sql: `(${tests.map(({ sql }) => sql).join(` ${operator} `)})`, parameters: tests.flatMap(({ parameters }) => parameters) };
}
