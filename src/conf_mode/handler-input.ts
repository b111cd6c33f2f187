import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { fail } from '../base/errors.ts'
import { type Layout, runtimePaths } from '../base/layout.ts'
import type { ConfigDict, ConfigValue } from '../vyos/index.ts'

const configValue: z.ZodType<ConfigValue> = z.lazy(() =>
  z.union([z.string(), z.array(z.string()), z.record(z.string(), configValue)]),
)

export const configDict: z.ZodType<ConfigDict | null> = z.record(z.string(), configValue).nullable()

/** What VyOS's adapter and the standalone session hand over, as JSON. */
const handlerInput = z.strictObject({
  /** `service clawgress` as proposed, with defaults; null: the node is deleted. */
  proposed: configDict,
  effective: configDict,
  /** `pki` as proposed. */
  pki: configDict,
  /** Only verify. */
  dry_run: z.boolean(),
})

export type HandlerInput = z.infer<typeof handlerInput>

/** Throws ClawgressError `config.syntax`. */
export function parseHandlerInput(text: string): HandlerInput {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return fail(
      'config.syntax',
      'The configuration handler expects JSON on its standard input; VyOS calls it on commit.',
    )
  }
  const parsed = handlerInput.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return fail('config.syntax', `The configuration handed over is not one: ${issue?.message ?? 'unknown shape'}.`, {
    path: issue?.path.join(' ') ?? '',
  })
}

/**
 * The input that the live generation was committed with: an import runs the handler again under the same settings. It
 * lies in the generation's folder, so that one rename makes both current. Throws ClawgressError `config.missing` where
 * nothing is live.
 */
export function recallInput(layout: Layout): HandlerInput {
  let text: string
  try {
    text = readFileSync(join(runtimePaths(layout).current, 'input.json'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return fail('config.missing', 'service clawgress is not configured; set it and commit first.')
  }
  return parseHandlerInput(text)
}
