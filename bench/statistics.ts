export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** @throws RangeError without numbers */
export function spread(numbers: readonly number[]): Spread {
  if (numbers.length === 0) throw new RangeError('no numbers, no median')
  const sorted = [...numbers].sort((a, b) => a - b)
  return { median: quantile(sorted, 0.5), least: sorted[0]!, most: sorted.at(-1)! }
}

/** The value below which a share of the sorted numbers lies, between neighbours where it falls between them. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)]!
  const high = sorted[Math.ceil(at)]!
  return low + (high - low) * (at - Math.floor(at))
}

/** Three significant digits, thousands apart: 0.0123, 4.56, 123, 45 600. */
export function readable(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.abs(value))) - 2)
  const rounded = value >= 1000 ? Math.round(value / unit) * unit : value
  return rounded.toFixed(Math.min(4, digits)).replace(/\B(?=(\d{3})+$)/g, value >= 1000 ? ' ' : '')
}
