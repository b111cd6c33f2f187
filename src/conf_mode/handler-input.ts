import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../base/errors.ts'
import type { Layout } from '../base/layout.ts'
import type { ConfigDict } from '../vyos/index.ts'

/** What VyOS's adapter and the standalone session hand over, as JSON. */
export interface HandlerInput {
  /** `service clawgress` as proposed, with defaults; null: the node is deleted. */
  readonly proposed: ConfigDict | null
  readonly effective: ConfigDict | null
  /** `pki` as proposed. */
  readonly pki: ConfigDict | null
  /** Only verify. */
  readonly dry_run: boolean
}

/** The input of the last commit that succeeded: an import of a policy runs the handler again under the same settings. */
export const handlerInputFile = (layout: Layout): string => join(layout.run, 'handler-input.json')

export function rememberInput(layout: Layout, input: HandlerInput): void {
  const file = handlerInputFile(layout)
  writeFileSync(`${file}.new`, JSON.stringify(input), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Throws ClawgressError `config.missing` where nothing has been committed since the last boot. */
export function recallInput(layout: Layout): HandlerInput {
  let text: string
  try {
    text = readFileSync(handlerInputFile(layout), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return fail('config.missing', 'service clawgress is not configured; set it and commit first.')
  }
  return JSON.parse(text) as HandlerInput
}
