import { Telemetry } from '../src/daemon/telemetry/telemetry.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const WEEK = 7 * 24 * HOUR
/** Ago: an agent that tries one name again and again. */
const SPIKE = { from: 38 * HOUR, to: 36.5 * HOUR, times: 18 }

const NAMES = [
  'telemetry.example-sdk.io',
  'paste.example.net',
  'pypi-mirror.example.org',
  'ads.tracker.example',
  'files.example-cdn.com',
  'hooks.example-chat.com',
  'metrics.example-apm.com',
  'packages.example-registry.dev',
  'updates.example-tool.io',
] as const
/** How often of a hundred. */
const REASONS = [
  ['dns.not-allowed', 62],
  ['dns.denied', 12],
  ['net.not-pinned', 11],
  ['net.port', 8],
  ['net.private', 4],
  ['net.dns-bypass', 3],
] as const
/** Connections a minute, and octets of each. */
const LABELS = [
  ['llm-provider', 14, 310_000, 21_000],
  ['source-code', 5, 90_000, 4_000],
  ['package-mirror', 2, 1_400_000, 2_000],
] as const

/** A week of a made-up team of agents, busy by day and quiet by night, as the daemon would have counted it. */
export async function writeWeek(path: string, now: number): Promise<void> {
  const start = now - WEEK
  const telemetry = new Telemetry(path, start, 0)
  await telemetry.settled()
  const random = numbers(2026)
  const one = <Item>(items: readonly Item[]): Item => items[Math.floor(random() ** 2 * items.length)]!
  for (let time = start; time < now; time += MINUTE) {
    telemetry.tick(time, time - start)
    const busy = 0.2 + Math.max(0, Math.sin((((time / HOUR) % 24) / 12 - 0.5) * Math.PI))
    const isSpike = time > now - SPIKE.from && time < now - SPIKE.to
    const denials = Math.round(busy * 4 * random() * (isSpike ? SPIKE.times : 1))
    for (let i = 0; i < denials; i++) {
      const reason = isSpike ? 'dns.not-allowed' : drawn(random() * 100)
      const name = isSpike ? NAMES[0] : one(NAMES)
      telemetry.addDenials(
        { client: one(CLIENTS), group: 'default', ...(reason.startsWith('dns.') ? { name } : {}) },
        reason,
        1,
      )
    }
    for (const [label, flows, down, up] of LABELS) {
      const count = Math.round(flows * busy * random())
      const event = { client: one(CLIENTS), group: 'default', label }
      telemetry.add(event, 'flows', count)
      telemetry.add(event, 'bytesDown', Math.round(count * down * random()))
      telemetry.add(event, 'bytesUp', Math.round(count * up * random()))
    }
    telemetry.add({ group: 'default' }, 'queries', Math.round(90 * busy))
    telemetry.add({ group: 'default' }, 'cacheHits', Math.round(66 * busy))
    if (time % HOUR < MINUTE) await telemetry.settled()
  }
  telemetry.tick(now, WEEK)
  await telemetry.settled()
  telemetry.close()
}

const CLIENTS = Array.from({ length: 12 }, (_, i) => (i % 3 === 1 ? `fd77:1::${i + 10}` : `10.77.1.${i + 10}`))

function drawn(percent: number): string {
  let rest = percent
  for (const [reason, share] of REASONS) {
    if (rest < share) return reason
    rest -= share
  }
  return REASONS[0][0]
}

/** Numbers from 0 to 1 that look random and are the same each time (Park and Miller, 1988). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
}
