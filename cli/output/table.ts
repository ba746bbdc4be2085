import { fitted, plainText, widthOf } from './text.ts';

export interface Column<Row> {
  title: string;
  /** Empty where there is nothing to say. */
  text(row: Row): string;
  align?: 'left' | 'right';
  /** May be cut down to this many columns; absent: never cut. */
  leastWidth?: number;
  /** Left out where it does not fit, the highest number first; absent: always shown. */
  leaveOut?: number;
  /** Puts colour around a finished cell: colour has no width. */
  paint?(cell: string, row: Row): string;
}

interface Measured<Row> extends Column<Row> {
  cells: string[];
  width: number;
}

const GAP = '  ';

/**
 * Rows under their titles, each line at most `width` columns as far as the columns that must stay allow. A column that
 * says nothing in any row is left out.
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  paintTitle: (title: string) => string = (title) => title,
): string {
  const measured = columns.map((column) => measure(column, rows)).filter(({ cells }) => cells.some(Boolean));
  const shown = shrunk(thatFit(measured, width), width);
  const titles = shown.map(({ title, width: cell, align }) => paintTitle(fitted(title, cell, align)));
  const lines = rows.map((row, index) =>
    shown.map(({ cells, width: cell, align, paint }) => {
      const text = fitted(cells[index] ?? '', cell, align);
      return paint ? paint(text, row) : text;
    }),
  );
  return [titles, ...lines].map((cells) => `${cells.join(GAP).trimEnd()}\n`).join('');
}

function measure<Row>(column: Column<Row>, rows: readonly Row[]): Measured<Row> {
  const cells = rows.map((row) => plainText(column.text(row)));
  return { ...column, cells, width: Math.max(widthOf(column.title), ...cells.map(widthOf)) };
}

const least = <Row>({ width, leastWidth = width }: Measured<Row>): number => Math.min(width, leastWidth);
const total = (widths: number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);

/** The columns that fit when each is as narrow as it may be. */
function thatFit<Row>(columns: readonly Measured<Row>[], width: number): Measured<Row>[] {
  let kept = [...columns];
  while (total(kept.map(least)) > width) {
    const first = Math.max(...kept.map(({ leaveOut = 0 }) => leaveOut));
    if (first <= 0) break;
    kept = kept.filter(({ leaveOut }) => leaveOut !== first);
  }
  return kept;
}

/** Takes room from the widest column that may give some, until all fit. */
function shrunk<Row>(columns: readonly Measured<Row>[], width: number): Measured<Row>[] {
  const result = columns.map((column) => ({ ...column }));
  for (let excess = total(result.map((column) => column.width)) - width; excess > 0; excess -= 1) {
    const widest = result
      .filter((column, index) => column.width > least(columns[index] ?? column))
      .sort((one, other) => other.width - one.width)[0];
    if (!widest) break;
    widest.width -= 1;
  }
  return result;
}
