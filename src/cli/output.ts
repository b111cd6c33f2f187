import type { Shown } from '../op_mode/format/shown.ts'

export interface OutputOptions {
  readonly json?: boolean
}

/** Prints one of both. A reader that goes away (`| head`) is no failure. */
export function show({ data, text }: Shown, { json }: OutputOptions): void {
  process.stdout.write(json === true ? `${JSON.stringify(data, undefined, 2)}\n` : text)
}
