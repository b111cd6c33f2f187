import { z } from 'zod'
import { type Prefix, parsePrefix } from '../base/address.ts'
import type { PlanSettings } from './types.ts'

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`))
const index = z.int().min(0)

const prefix = z.string().transform((text, context): Prefix => {
  const parsed = parsePrefix(text)
  if (parsed === undefined || parsed.hostBits) {
    context.addIssue('not a prefix')
    return z.NEVER
  }
  return { family: parsed.family, bytes: parsed.bytes, length: parsed.length }
})

const port = z.int().min(1).max(65535)
const ranges = z.array(z.strictObject({ first: port, last: port }))

const settings = z.strictObject({
  clientInterfaces: z.array(z.string()),
  clientNetworks: z.array(prefix),
  listenAddresses: z.array(z.string()),
  clientServices: z.array(z.strictObject({ address: z.string(), port })).optional(),
  whyPage: z.strictObject({ name: z.string() }).optional(),
  nameServers: z.array(z.strictObject({ address: z.string(), port, tlsHostname: z.string().optional() })),
  denyAnswer: z.enum(['nxdomain', 'nodata']),
  cacheSizeMiB: z.number(),
  maxTtl: z.number(),
  pinSlack: z.number(),
  rootHints: z.string().optional(),
  trustAnchors: z.string().optional(),
  denyAction: z.enum(['reject', 'drop']),
  keepEstablished: z.boolean(),
  markMask: z.number(),
  ownPrefixes: z.array(prefix),
  syslogFacility: z.string(),
  logDenied: z.boolean().optional(),
  logAllowed: z.boolean().optional(),
} satisfies Record<keyof PlanSettings, z.ZodType>)

const group = z.strictObject({
  id: index,
  name: z.string(),
  key: z.string().regex(/^(default|[0-9a-f]{8})$/),
  sources: z.array(prefix),
  statics: z.array(z.strictObject({ prefix, classId: index })),
  denyPrefixes: z.array(prefix),
  prefixEntries: z.array(
    z.strictObject({
      prefix,
      list: z.enum(['allow', 'deny', 'label']),
      path: z.string(),
      label: z.string().optional(),
    }),
  ),
  classIds: z.array(index),
})

const nameList = z.strictObject({
  table: index,
  origin: z.enum(['file', 'config']),
  classOf: z.array(index),
  /** JSON has no undefined: absent labels are null. */
  labels: z.array(
    z
      .string()
      .nullable()
      .transform((label) => label ?? undefined),
  ),
  spellings: z.exactOptional(z.record(z.string(), z.string())),
})

/** plan.json. */
export const storedPlan = z
  .strictObject({
    generation: hex(16),
    policyHash: hex(16),
    settingsHash: hex(16),
    compiler: z.string(),
    groups: z.array(group).min(1),
    classes: z.array(z.strictObject({ id: index, key: hex(8), tcp: ranges, udp: ranges })),
    settings,
    source: z.strictObject({
      policyFile: z.string().optional(),
      config: z.literal(true).optional(),
      description: z.string().optional(),
      revision: z.number().optional(),
    }),
    tables: index.max(4096),
    names: z.array(z.array(nameList)),
  })
  .refine((plan) => plan.names.length === plan.groups.length, 'groups and lists of names differ in number')
  .refine((plan) => plan.groups.every((entry, i) => entry.id === i), 'groups are out of order')
  .refine((plan) => {
    const ids = [...plan.groups.flatMap((entry) => [...entry.classIds, ...entry.statics.map((one) => one.classId)])]
    return [...ids, ...plan.names.flat().flatMap((list) => list.classOf)].every((id) => id < plan.classes.length)
  }, 'a class does not exist')

export type StoredPlan = z.output<typeof storedPlan>
