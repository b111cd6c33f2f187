import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { REASONS, type ReasonCode } from '../../../base/reasons.ts'
import { type AnyRecord, RECORD_KINDS, type RecordKind } from '../../records/kinds/record-kinds.ts'
import { MAX_PAGE, matches, newestRecords, type RecordFilter } from '../../records/reading/newest-records.ts'
import type { ApiContext, ApiServer } from '../context.ts'
import { OpenStreams } from '../open-streams.ts'
import { RecordStream } from '../record-stream.ts'
import { failure, success, successOf } from '../reply.ts'

/** Octets of logs read for one page: reading stops everything else here. */
const MAX_READ = 8 << 20

const KINDS = Object.keys(RECORD_KINDS) as [RecordKind, ...RecordKind[]]
const CODES = Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]]

const instant = z.iso.datetime({ offset: true }).optional()

const filter = z.strictObject({
  client: z.union([z.ipv4(), z.ipv6()]).optional().describe('Address of who was denied.'),
  name: z.string().max(256).optional().describe('A name, or *.name for everything below it.'),
  reason: z.enum(CODES).optional().describe('docs/reasons.md'),
  group: z.string().max(255).optional(),
  label: z.string().max(200).optional(),
})
const page = filter.extend({
  since: instant.describe('RFC 3339; included.'),
  until: instant.describe('RFC 3339; not included.'),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  cursor: z.string().max(64).optional().describe('From the page before.'),
})
const kind = z.enum(KINDS).optional().describe('Absent: every kind.')

const pageOf = successOf(
  z.object({
    records: z.array(z.looseObject({ schema: z.string(), time: z.string() })).describe('Newest first; schema/record.'),
    cursor: z.string().nullable().describe('For older ones; null where the newest 8 MiB of the logs hold no more.'),
  }),
)
const answers = { 200: pageOf, '4xx': failure, '5xx': failure }
const streamed = {
  200: z
    .string()
    .describe('Server-sent events: `record` with a record as data, `omitted` with how many were left out.'),
  '4xx': failure,
  '5xx': failure,
}

/** The routes that show what was denied, and everything else that is recorded: by page, and as it happens. */
export function recordRoutes(app: ApiServer, context: ApiContext): void {
  const streams = new OpenStreams()
  app.addHook('onClose', async () => {
    streams.closeAll()
  })

  app.get(
    '/clawgress/denies',
    {
      config: { role: 'viewer' },
      schema: { summary: 'What was denied, newest first', querystring: page, response: answers },
    },
    ({ query }) => read({ ...query, kinds: ['deny'] }),
  )

  app.get(
    '/clawgress/records',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Denials, ended flows, commits, alerts and omissions, newest first',
        querystring: page.extend({ kind }),
        response: answers,
      },
    },
    ({ query: { kind, ...query } }) => read({ ...query, ...(kind === undefined ? {} : { kinds: [kind] }) }),
  )

  app.get(
    '/clawgress/denies/stream',
    {
      exposeHeadRoute: false,
      config: { role: 'viewer' },
      schema: { summary: 'What is denied, as it happens', querystring: filter, response: streamed },
    },
    (request, reply) => stream(reply, request, { ...wanted(request.query), kinds: ['deny'] }),
  )

  app.get(
    '/clawgress/records/stream',
    {
      exposeHeadRoute: false,
      config: { role: 'viewer' },
      schema: {
        summary: 'Everything that is recorded, as it happens',
        querystring: filter.extend({ kind }),
        response: streamed,
      },
    },
    (request, reply) => {
      const { kind, ...query } = request.query
      return stream(reply, request, {
        ...wanted(query),
        ...(kind === undefined ? {} : { kinds: [kind] }),
      })
    },
  )

  function read({ limit, cursor, ...query }: z.output<typeof page> & Pick<RecordFilter, 'kinds'>) {
    const { records, cursor: next } = newestRecords(context.layout, wanted(query), limit, cursor, MAX_READ)
    return success({ records: records as (AnyRecord & Record<string, unknown>)[], cursor: next ?? null })
  }

  function stream(
    reply: FastifyReply,
    { caller, isStillAdmitted }: Pick<FastifyRequest, 'caller' | 'isStillAdmitted'>,
    { kinds, ...filter }: RecordFilter,
  ): void {
    const holder = caller!.id
    streams.makeRoom(holder)
    reply.hijack()
    const opened = new RecordStream(reply.raw, isStillAdmitted, () => {
      stop()
      streams.delete(opened)
    })
    const stop = context.onRecord((record) => {
      const isOfKind = kinds === undefined || kinds.some((each) => RECORD_KINDS[each].schema === record.schema)
      if (isOfKind && matches(record, Date.parse(record.time), filter)) opened.send(record)
    })
    streams.add(holder, opened)
  }
}

/** Without what was not asked. */
function wanted(query: Record<string, unknown>): RecordFilter {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined)
  const times = ['since', 'until']
  return Object.fromEntries(
    entries.map(([name, value]) => [name, times.includes(name) ? Date.parse(String(value)) : value]),
  )
}
