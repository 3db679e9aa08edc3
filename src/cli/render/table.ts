import { cut, pad, widthOf } from './text.ts';

/** One column of a table. Its texts are safe for a terminal already. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly align?: 'right';
  /** May be cut down to so many columns of the terminal where that is narrow. */
  readonly widthMin?: number;
  /** Goes to a line of its own, below the others, where the terminal is too narrow for all of them. */
  readonly below?: true;
  /** Adds colour to a text that is cut and filled up already. */
  readonly paint?: (row: Row, text: string) => string;
}

export interface TableOptions {
  /** Columns of the terminal; null where the output goes elsewhere, and nothing is cut. */
  readonly widthMax: number | null;
  readonly colour: boolean;
}

/** How a table is laid out, so that rows that come later stand in the same columns. */
export interface Layout<Row> {
  readonly header: string;
  readonly linesOf: (row: Row) => string[];
}

const GAP = '  ';

/**
 * Lays a table out for these rows: on one line each where they fit, else with the columns that say `below` on a second one,
 * and the others cut as far as they allow.
 */
export function layOut<Row>(columns: readonly Column<Row>[], rows: readonly Row[], { widthMax, colour }: TableOptions): Layout<Row> {
  const natural = columns.map((column) => ({ column, width: naturalWidth(column, rows) }));
  const isOneLine = widthMax === null || totalWidth(natural) <= widthMax;
  const upper = isOneLine ? natural : shrunk(natural.filter(({ column }) => column.below !== true), widthMax);
  const lower = isOneLine ? [] : columns.filter(({ below }) => below === true);
  const lineMax = widthMax ?? Infinity;
  return {
    header: cut(upper.map(({ column, width }) => pad(column.title, width, column.align)).join(GAP).trimEnd(), lineMax),
    linesOf(row) {
      const cells = upper.map(({ column, width }, index) => {
        const whole = column.text(row);
        const text = isOneLine ? whole : cut(whole, width);
        // Blanks at a line's end would only be copied along.
        const isLast = index === upper.length - 1 && column.align === undefined;
        const filled = isLast ? text : pad(text, width, column.align);
        return colour && column.paint !== undefined ? column.paint(row, filled) : filled;
      });
      const first = cells.join(GAP);
      return lower.length === 0 ? [first] : [first, cut(GAP + lower.map((column) => column.text(row)).join(GAP), lineMax)];
    },
  };
}

/** A whole table; where it has no rows, the sentence that says so. */
export function tableText<Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions, nothing: string): string {
  if (rows.length === 0) return `${nothing}\n`;
  const { header, linesOf } = layOut(columns, rows, options);
  return [header, ...rows.flatMap(linesOf)].map((line) => `${line}\n`).join('');
}

interface Sized<Row> {
  readonly column: Column<Row>;
  readonly width: number;
}

function naturalWidth<Row>(column: Column<Row>, rows: readonly Row[]): number {
  return rows.reduce((widest, row) => Math.max(widest, widthOf(column.text(row))), widthOf(column.title));
}

function totalWidth(sized: readonly { readonly width: number }[]): number {
  return sized.reduce((sum, { width }) => sum + width, GAP.length * (sized.length - 1));
}

/** Takes what is too much from the columns that can give, the first of them first. */
function shrunk<Row>(sized: readonly Sized<Row>[], widthMax: number): Sized<Row>[] {
  let excess = totalWidth(sized) - widthMax;
  return sized.map(({ column, width }) => {
    const given = Math.max(0, Math.min(excess, width - (column.widthMin ?? width)));
    excess -= given;
    return { column, width: width - given };
  });
}
