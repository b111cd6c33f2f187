import type { ConfigTree } from '../../vyos/index.ts'

/** How a commit is noted, and whether it has to be confirmed. */
export interface CommitRequest {
  readonly comment: string
  readonly via: string
  /** It is taken back unless it is confirmed within so many minutes; its revision is noted when it is. */
  readonly confirmMinutes?: number
  readonly booting?: boolean
  /** Asked when nobody else can commit any more; what it throws refuses the commit. */
  readonly admit?: (active: ConfigTree) => void
  /** Called before anybody else can commit, where everything was carried out. */
  readonly settle?: () => void
}
