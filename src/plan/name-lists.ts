import type { NameTable } from '../policy/index.ts'

/** One table of names as a group sees it; several groups may share the table. */
export interface NameList {
  readonly table: NameTable
  /** Configuration entries are named by their configuration path, file entries by JSON path. */
  readonly origin: 'file' | 'config'
  /** Per attribute of the table: the pin class it means in this group. */
  readonly classOf: readonly number[]
  /** Per attribute of the table. */
  readonly labels: readonly (string | undefined)[]
  /** As in `PolicyPart`. */
  readonly spellings?: Readonly<Record<string, string>>
}
