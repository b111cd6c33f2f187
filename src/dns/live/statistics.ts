import { get } from 'node:http'
import { z } from 'zod'
import { ENDPOINTS } from '../../base/endpoints.ts'
import { fail } from '../../base/errors.ts'

const LONGEST_ANSWER = 16 << 20
const TIMEOUT = 5_000

const counters = z.record(z.string(), z.number())
const status = z.object({ 'boot-time': z.iso.datetime(), 'config-time': z.iso.datetime() })
const server = status.extend({
  nsstats: counters.optional(),
  views: z.record(z.string(), z.object({ resolver: z.object({ cachestats: counters.optional() }).optional() })),
})
const zones = z.object({
  views: z.record(
    z.string(),
    z.object({
      zones: z
        .array(z.object({ name: z.string(), serial: z.number().optional(), rcodes: counters.optional() }))
        .optional(),
    }),
  ),
})

/** Counters of one group's view since named started. The gateway's own probes are among them. */
export interface ViewStatistics {
  /** Queries that the policy let through. */
  readonly allowed: number
  /** Queries that RPZ denied. */
  readonly denied: number
  readonly cacheHits: number
  readonly cacheMisses: number
}

export interface NamedStatistics {
  readonly bootTime: Date
  readonly configTime: Date
  readonly queries: number
  /** By view: `g0`, `g1`, … */
  readonly views: Readonly<Record<string, ViewStatistics>>
}

/** Reads named's statistics channel (BIND ARM, "statistics-channels"). Throws `system.unreachable`. */
export async function namedStatistics(): Promise<NamedStatistics> {
  const [general, byZone] = await Promise.all([
    fetchJson('/json/v1/server', server),
    fetchJson('/json/v1/zones', zones),
  ])
  const views: Record<string, ViewStatistics> = {}
  for (const [view, { zones: list = [] }] of Object.entries(byZone.views)) {
    if (!/^g[0-9]+$/.test(view)) continue
    const rewrites = (names: readonly string[]) =>
      list.filter(({ name }) => names.includes(name)).reduce((sum, zone) => sum + (zone.rcodes?.RPZRewrites ?? 0), 0)
    const cache = general.views[view]?.resolver?.cachestats ?? {}
    views[view] = {
      allowed: rewrites(['o', 'b']),
      denied: rewrites(['r', 'd']),
      cacheHits: cache.QueryHits ?? 0,
      cacheMisses: cache.QueryMisses ?? 0,
    }
  }
  const { nsstats = {} } = general
  return { ...times(general), queries: (nsstats.Requestv4 ?? 0) + (nsstats.Requestv6 ?? 0), views }
}

/**
 * When named started and when it last took its configuration over. While it loads large zones it answers late: `timeout`
 * ms. Throws `system.unreachable`.
 */
export async function namedTimes(timeout = TIMEOUT): Promise<{ bootTime: Date; configTime: Date }> {
  return times(await fetchJson('/json/v1/status', status, timeout))
}

const times = (value: z.infer<typeof status>) => ({
  bootTime: new Date(value['boot-time']),
  configTime: new Date(value['config-time']),
})

function fetchJson<T>(path: string, shape: z.ZodType<T>, timeout = TIMEOUT): Promise<T> {
  const unreachable = (why: string) => fail('system.unreachable', `The gateway's named gives no statistics: ${why}.`)
  return new Promise<string>((resolve, reject) => {
    const options = { host: '127.0.0.1', port: ENDPOINTS.statisticsPort, path, agent: false, timeout }
    const request = get(options, (response) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > LONGEST_ANSWER) request.destroy(new Error('the answer is too long'))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(Buffer.concat(chunks).toString())
          : reject(new Error(`status ${response.statusCode}`)),
      )
    })
    const deadline = setTimeout(() => request.destroy(new Error('no answer in time')), timeout)
    request.on('close', () => clearTimeout(deadline))
    request.on('error', reject)
  }).then(
    (text) => {
      const parsed = shape.safeParse(parseJson(text))
      return parsed.success ? parsed.data : unreachable('its answer has another form')
    },
    (error: Error) => unreachable(error.message),
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
