import { until as untilTrue } from '../../../../src/standalone/lab/until.ts'

/** Waits until `look` gives something other than undefined; throws after `ms` milliseconds. */
export async function until<Value>(
  look: () => Value | undefined | Promise<Value | undefined>,
  what: string,
  ms = 15_000,
): Promise<Value> {
  let value: Value | undefined
  await untilTrue(what, ms, async () => {
    value = await look()
    return value !== undefined
  })
  return value!
}
