import { z } from 'zod'

export const OMISSION_SCHEMA = 'clawgress.omission/1'

/** What the log does not have, so that nobody takes it for complete. */
export const omissionRecord = z
  .strictObject({
    schema: z.literal(OMISSION_SCHEMA),
    event: z
      .enum(['rate', 'kernel', 'flows', 'disk', 'syslog', 'unreadable'])
      .describe(
        '`rate`: denials over 1 000 a second of one client, or 20 000 of all. `kernel`: packets that the kernel logged, and that were lost on their way. `flows`: ended flows that the kernel could not hand over, or that nobody heard of. `disk`: records that could not be written. `syslog`: records that syslog did not take. `unreadable`: lines that were too long or damaged, and files that were removed before they were read.',
      ),
    time: z.iso.datetime({ precision: 3 }),
    count: z
      .int()
      .min(1)
      .optional()
      .describe('Since the last record of this kind. Absent: it is not known, as while nobody listened.'),
    message: z.string().max(512),
  })
  .describe('What was left out of the records. Counters have it: `clawgress_denied_packets_total`.')

export type OmissionRecord = z.infer<typeof omissionRecord>
export type Omission = OmissionRecord['event']

const MESSAGES: Readonly<Record<Omission, string>> = {
  rate: 'denied packets were over the limit of records; they are counted by group and reason',
  kernel: 'denied packets were lost between the kernel and the log',
  flows: 'ended flows could not be handed over by the kernel',
  disk: 'records could not be written to disk',
  syslog: 'records were not taken by syslog; the file has them',
  unreadable: 'lines or files of the logs were too long, damaged, or gone before they were read',
}

/** Why an unknown number is missing. */
const UNHEARD =
  'Ended flows that nobody heard of, while clawgress-log was started anew, are missing; how many is not known.'

const EVERY = 1_000

/** Turns counts that only rise into records of what was added, one a second of each kind at most. */
export class Omissions {
  private readonly totals: Map<Omission, number>
  private toldAt = 0
  private made = 0

  /** What has been told before. */
  constructor(told: Partial<Record<Omission, number>> = {}) {
    this.totals = new Map(Object.entries(told) as [Omission, number][])
  }

  /** `totals` since whatever start; one that fell began anew. The first look at `rate` is only remembered. */
  take(totals: Partial<Record<Omission, number>>, now: number): OmissionRecord[] {
    if (Math.abs(now - this.toldAt) < EVERY) return []
    this.toldAt = now
    const before = this.made
    // Where syslog takes nothing, it does not take these either: telling that again and again is no news.
    const records = this.added(totals, now).filter(({ event, count }) => event !== 'syslog' || (count ?? 0) > before)
    this.made = records.length
    return records
  }

  /** How many of a total have been told. */
  told(event: Omission): number {
    return this.totals.get(event) ?? 0
  }

  private added(totals: Partial<Record<Omission, number>>, now: number): OmissionRecord[] {
    return Object.entries(totals).flatMap(([event, total]) => {
      const before = this.totals.get(event as Omission) ?? (event === 'rate' ? total : 0)
      this.totals.set(event as Omission, total)
      const count = total < before ? total : total - before
      return count === 0 ? [] : [counted(event as Omission, new Date(now).toISOString(), count)]
    })
  }
}

const counted = (event: Omission, time: string, count: number): OmissionRecord => ({
  schema: OMISSION_SCHEMA,
  event,
  time,
  count,
  message: `${count} ${MESSAGES[event]}.`,
})

/** Of ended flows, of which nobody knows how many there were. */
export const unheardFlows = (now: number): OmissionRecord => ({
  schema: OMISSION_SCHEMA,
  event: 'flows',
  time: new Date(now).toISOString(),
  message: UNHEARD,
})

/** One record for all of a kind, as of the last; what has no number is of a kind of its own. */
export function summed(records: readonly OmissionRecord[]): OmissionRecord[] {
  const sums = new Map<string, OmissionRecord>()
  for (const record of records) {
    const { event, time, count } = record
    const key = `${event} ${count === undefined}`
    const before = sums.get(key)?.count
    sums.set(key, count === undefined || before === undefined ? record : counted(event, time, before + count))
  }
  return [...sums.values()]
}
