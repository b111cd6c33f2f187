/** What a command shows: the same facts for programs and for people. */
export interface Shown {
  readonly data: unknown
  /** Whole lines; the last one ends, too. */
  readonly text: string
}

export interface OutputOptions {
  readonly json?: boolean
}

/** Prints one of both. A reader that goes away (`| head`) is no failure. */
export function show({ data, text }: Shown, { json }: OutputOptions): void {
  process.stdout.write(json === true ? `${JSON.stringify(data, undefined, 2)}\n` : text)
}
