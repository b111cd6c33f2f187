import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { REASONS, type ReasonCode } from '../../../base/reasons.ts'
import { type AnyRecord, RECORD_KINDS, type RecordKind } from '../../records/kinds/record-kinds.ts'
import { MAX_PAGE, newestRecords } from '../../records/reading/newest-records.ts'
import { MAX_CURSOR } from '../../records/reading/page-cursor.ts'
import { ReadingTurns } from '../../records/reading/reading-turns.ts'
import { matches, type RecordFilter } from '../../records/reading/record-filter.ts'
import { canonicalAddress } from '../../records/sources/raw-denial.ts'
import type { ApiContext, ApiServer } from '../context.ts'
import { OpenStreams } from '../open-streams.ts'
import { RecordStream } from '../record-stream.ts'
import { failure, success, successOf } from '../reply.ts'

/** Octets of logs read for one page. */
const MAX_READ = 8 << 20

const KINDS = Object.keys(RECORD_KINDS) as [RecordKind, ...RecordKind[]]
const CODES = Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]]

const instant = z.iso.datetime({ offset: true }).optional()

/** An address may be written in many ways, and is by records in one. */
const asRecorded = (text: string): string => canonicalAddress(text) ?? text

const filter = z.strictObject({
  client: z.union([z.ipv4(), z.ipv6()]).transform(asRecorded).optional().describe('Address of who was denied.'),
  name: z.string().max(256).optional().describe('A name, or *.name for everything below it.'),
  reason: z.enum(CODES).optional().describe('docs/reasons.md'),
  group: z.string().max(255).optional(),
  label: z.string().max(200).optional(),
})
const page = filter.extend({
  since: instant.describe('RFC 3339; included.'),
  until: instant.describe('RFC 3339; not included.'),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  cursor: z.string().max(MAX_CURSOR).optional().describe('From the page before.'),
})
const kind = z.enum(KINDS).optional().describe('Absent: every kind.')

export const recordPage = z.object({
  records: z.array(z.looseObject({ schema: z.string(), time: z.string() })).describe('Newest first; schema/record.'),
  cursor: z.string().nullable().describe('For the page of older ones; null: the logs have no more.'),
  searchedTo: z
    .string()
    .nullable()
    .describe(
      'Where a page ended because it had read 8 MiB of the logs: what is older than this is yet to be searched.',
    ),
})
const answers = { 200: successOf(recordPage), '4xx': failure, '5xx': failure }
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
  const turns = new ReadingTurns()
  app.addHook('onClose', async () => {
    streams.closeAll()
  })

  app.get(
    '/clawgress/denies',
    {
      config: { role: 'viewer' },
      schema: { summary: 'What was denied, newest first', querystring: page, response: answers },
    },
    (request, reply) => read(request, reply, { kinds: ['deny'] }),
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
    (request, reply) => read(request, reply, ofKind(request.query.kind)),
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
    (request, reply) => stream(reply, request, { ...wanted(request.query), ...ofKind(request.query.kind) }),
  )

  async function read(
    { query, caller, signal }: Pick<FastifyRequest, 'caller' | 'signal'> & { readonly query: z.output<typeof page> },
    reply: FastifyReply,
    kinds: Pick<RecordFilter, 'kinds'>,
  ) {
    const { limit, cursor } = query
    const filter = { ...wanted(query), ...kinds }
    const {
      records,
      cursor: next,
      searchedTo,
    } = await turns.take(caller?.id ?? '', () =>
      newestRecords(context.layout, filter, limit, cursor, { maxBytes: MAX_READ, signal }),
    )
    // They were held against their schema when they were read; doing it again would take longer than all the rest.
    reply.type('application/json; charset=utf-8').serializer(JSON.stringify)
    return success({
      records: records as (AnyRecord & Record<string, unknown>)[],
      cursor: next ?? null,
      searchedTo: searchedTo === undefined ? null : new Date(searchedTo).toISOString(),
    })
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

const ofKind = (kind: RecordKind | undefined): Pick<RecordFilter, 'kinds'> =>
  kind === undefined ? {} : { kinds: [kind] }

/** The parts of a question that records are compared with, as far as they were asked. */
function wanted({ since, until, client, name, reason, group, label }: Partial<z.output<typeof page>>): RecordFilter {
  const fields = Object.entries({ client, name, reason, group, label }).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(fields),
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
  }
}
