/** One line of the table: a measured value beside what it is compared with, in the same run. */
export interface Row {
  readonly work: string
  readonly measured: string
  readonly compared: string
  /** Measured through compared; the budget's ratio where it has one. */
  readonly ratio?: number
  /** What the budget table of the design allows; absent where it says nothing. */
  readonly budget?: string
  /** Present with `budget`. */
  readonly met?: boolean
}

export const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
export const microseconds = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} µs`
export const grouped = (value: number): string => Math.round(value).toLocaleString('en')

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Runs `work` and tells how many milliseconds it took. */
export async function timed<T>(work: () => T | Promise<T>): Promise<[number, T]> {
  const began = performance.now()
  const result = await work()
  return [performance.now() - began, result]
}
