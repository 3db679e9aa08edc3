import { limits } from '../../core/limits.ts';
import type { Connection } from './connection.ts';
import type { Plan } from './plan.ts';
import type { TermValue } from './terms.ts';
import { UNINDEXED } from './terms.ts';

/** Where candidates come from, in the order of their ids. */
export type Source =
  | { readonly kind: 'term'; readonly pathId: number; readonly value: TermValue }
  | Extract<Plan, { kind: 'termRange' | 'ids' | 'idRange' }>;

/** One source, and what else must hold for those that it yields. The candidates of a query are those of all its arms. */
export interface Arm {
  readonly source: Source;
  readonly tests: readonly Plan[];
  /** Of a range, how many rows it was seen to have. All of them are read to find the first ids. */
  readonly rangeRows: number;
}

const UNINDEXED_ARM: Arm = { source: { kind: 'term', ...UNINDEXED }, tests: [], rangeRows: 0 };

/**
 * Decides where a plan's candidates are read from: of conditions that must all hold, the one with the fewest rows leads and the
 * others are tested. `null` when going over all records is better.
 * @param rangeRowsMax ranges with more rows than this do not lead
 */
export function armsOf(plan: Plan, connection: Connection, rangeRowsMax: number): readonly Arm[] | null {
  const arms = leading(plan, [], createEstimator(connection, rangeRowsMax));
  if (arms === null || lookupsOf(arms) > limits.queryArmsMax) return null;
  return [...arms, UNINDEXED_ARM];
}

function lookupsOf(arms: readonly Arm[]): number {
  return arms.reduce((sum, { source }) => sum + (source.kind === 'ids' ? source.ids.length : 1), 0);
}

function leading(plan: Plan, tests: readonly Plan[], estimator: Estimator): Arm[] | null {
  switch (plan.kind) {
    case 'terms':
      return plan.values.map((value) => ({ source: { kind: 'term', pathId: plan.pathId, value }, tests, rangeRows: 0 }));
    case 'ids':
    case 'idRange':
      return [{ source: plan, tests, rangeRows: 0 }];
    case 'termRange': {
      const rangeRows = estimator.rows(plan);
      return rangeRows === Infinity ? null : [{ source: plan, tests, rangeRows }];
    }
    case 'or':
      return leadingOfAny(plan.of, tests, estimator);
    case 'and':
      return leadingOfAll(plan.of, tests, estimator);
  }
}

function leadingOfAny(parts: readonly Plan[], tests: readonly Plan[], estimator: Estimator): Arm[] | null {
  const all: Arm[] = [];
  for (const part of parts) {
    const arms = leading(part, tests, estimator);
    if (arms === null) return null;
    all.push(...arms);
  }
  return all;
}

function leadingOfAll(parts: readonly Plan[], tests: readonly Plan[], estimator: Estimator): Arm[] | null {
  const costs = parts.map((part) => estimator.rows(part));
  const best = costs.indexOf(Math.min(...costs));
  const leader = parts[best];
  if (leader === undefined || costs[best] === Infinity) return null;
  return leading(leader, [...tests, ...parts.filter((part) => part !== leader)], estimator);
}

interface Estimator {
  /** How many rows a plan would read, counted up to a bound; `Infinity` when it cannot lead. */
  rows(plan: Plan): number;
}

function createEstimator(connection: Connection, rangeRowsMax: number): Estimator {
  let lookupsLeft: number = limits.estimateLookupsMax;
  const countOf = (plan: Extract<Plan, { kind: 'terms' }>): number => {
    let rows = 0;
    for (const value of plan.values) {
      if (rows >= limits.estimateRowsMax || lookupsLeft <= 0) return limits.estimateRowsMax;
      lookupsLeft -= 1;
      rows += countRows(connection, 'value = ?', [plan.pathId, value], limits.estimateRowsMax);
    }
    return rows;
  };
  const rows = (plan: Plan): number => {
    switch (plan.kind) {
      case 'terms':
        return countOf(plan);
      case 'ids':
        return plan.ids.length;
      case 'idRange':
        return limits.estimateRowsMax;
      case 'termRange': {
        if (lookupsLeft <= 0) return Infinity;
        lookupsLeft -= 1;
        const { sql, parameters } = rangeCondition('value', plan);
        const count = countRows(connection, sql, [plan.pathId, ...parameters], rangeRowsMax + 1);
        return count > rangeRowsMax ? Infinity : count;
      }
      case 'or':
        return plan.of.reduce((sum, part) => sum + rows(part), 0);
      case 'and':
        return Math.min(...plan.of.map(rows));
    }
  };
  return { rows };
}

function countRows(connection: Connection, condition: string, parameters: readonly (TermValue | number)[], rowsMax: number): number {
  const row = connection.first(`SELECT count(*) FROM (SELECT 1 FROM terms WHERE path_id = ? AND ${condition} LIMIT ?)`, ...parameters, rowsMax);
  return Number(row?.[0]);
}

/** `column` between the bounds, as SQL. */
export function rangeCondition(column: string, { low, high }: Extract<Plan, { kind: 'termRange' | 'idRange' }>): { sql: string; parameters: [TermValue, TermValue] } {
  return {
    sql: `${column} ${low.inclusive ? '>=' : '>'} ? AND ${column} ${high.inclusive ? '<=' : '<'} ?`,
    parameters: [low.value, high.value],
  };
}
