import { table } from './table.ts';

/** One measured figure, as `--json` prints it. `baseline` is the other side of the same run, `ratio` is value over baseline. */
export interface Row {
  bench: string;
  case: string;
  measure: string;
  value: number | null;
  unit: string;
  baseline: number | null;
  ratio: number | null;
  /** The limit (`≤ 1.5 ×`); null if there is none. */
  budget: string | null;
  ok: boolean | null;
}

/** A limit on the ratio, or on the value itself. */
export type Budget = { ratio: number } | { atLeast: number } | { value: number };

export interface Measured {
  case: string;
  measure: string;
  /** null: not measured; `unit` has the reason. */
  value: number | null;
  unit: string;
  baseline?: number;
  budget?: Budget;
}

function kept({ value, baseline, budget }: Measured, ratio: number | null): boolean | null {
  if (!budget || value === null) return null;
  if ('value' in budget) return value <= budget.value;
  if (baseline === undefined || ratio === null) return null;
  return 'ratio' in budget ? ratio <= budget.ratio : ratio >= budget.atLeast;
}

const budgetText = (budget: Budget | undefined, unit: string): string | null => {
  if (!budget) return null;
  if ('value' in budget) return `≤ ${budget.value} ${unit}`;
  return 'ratio' in budget ? `≤ ${budget.ratio} ×` : `≥ ${budget.atLeast} ×`;
};

export function rowOf(bench: string, measured: Measured): Row {
  const { value, baseline = null, unit, budget } = measured;
  const ratio = value === null || baseline === null || baseline === 0 ? null : value / baseline;
  return {
    bench,
    case: measured.case,
    measure: measured.measure,
    value,
    unit,
    baseline,
    ratio,
    budget: budgetText(budget, unit),
    ok: kept(measured, ratio),
  };
}

/** Three digits, which is more than a shared machine reproduces. */
const figure = (value: number | null): string => {
  if (value === null) return '-';
  return Number.isInteger(value)
    ? String(value)
    : value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
};

/** Prints the rows as a table or as one JSON object per line; then the number of budgets kept. */
export function print(rows: readonly Row[], json: boolean): void {
  printRows(rows, json);
  printVerdict(rows, json);
}

/** Prints only the rows: a bench of several parts prints each part as soon as it is measured. */
export function printRows(rows: readonly Row[], json: boolean): void {
  if (json) {
    for (const row of rows) console.log(JSON.stringify(row));
    return;
  }
  const head = ['case', 'measure', 'ours', 'unit', 'beside', 'ratio', 'budget', ''];
  const body = rows.map((row) => [
    row.case,
    row.measure,
    figure(row.value),
    row.unit,
    figure(row.baseline),
    row.ratio === null ? '-' : `${row.ratio.toFixed(2)} ×`,
    row.budget ?? '',
    row.ok === null ? '' : row.ok ? 'ok' : 'MISSED',
  ]);
  console.log(table([head, ...body]));
}

export function printVerdict(rows: readonly Row[], json: boolean): void {
  if (json) return;
  const judged = rows.filter((row) => row.ok !== null);
  const missed = judged.filter((row) => !row.ok);
  console.log(
    `\n${judged.length - missed.length} of ${judged.length} budgets kept${missed.length > 0 ? `; missed: ${missed.map((row) => `${row.case}, ${row.measure}`).join('; ')}` : ''}`,
  );
}

/** The p-th percentile (0 to 100), nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}
