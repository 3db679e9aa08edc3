import { limits } from '../../core/limits.ts';
import { between, type Plan } from './plan.ts';
import type { TermValue } from './terms.ts';

/** Whether a candidate `c` satisfies something, as SQL. */
export interface PlanTest {
  readonly sql: string;
  readonly parameters: readonly (TermValue | number)[];
}

/** All tests that the index can answer for a single record, as far as they are few; the matcher does the others anyway. */
export function testOf(plans: readonly Plan[]): PlanTest | null {
  const tests: PlanTest[] = [];
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
function testOfPlan(plan: Plan): PlanTest | null {
  switch (plan.kind) {
    case 'terms':
      return plan.values.length > limits.queryTestParametersMax ? null : { sql: `EXISTS (SELECT 1 FROM terms AS x WHERE x.path_id = ? AND x.value IN (${marksFor(plan.values)}) AND x.id = c.id)`, parameters: [plan.pathId, ...plan.values] };
    case 'ids':
      return plan.ids.length > limits.queryTestParametersMax ? null : { sql: `c.id IN (${marksFor(plan.ids)})`, parameters: plan.ids };
    case 'idRange':
      return between('c.id', plan.low, plan.high);
    case 'range':
      return null;
    case 'led':
      return testOf(plan.tests);
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

function join(tests: readonly PlanTest[], operator: 'AND' | 'OR'): PlanTest {
  return { sql: `(${tests.map(({ sql }) => sql).join(` ${operator} `)})`, parameters: tests.flatMap(({ parameters }) => parameters) };
}
