/** What an operational command gives: facts for programs, and whole lines of text for people. */
export interface Shown<Data = unknown> {
  readonly data: Data
  readonly text: string
}
