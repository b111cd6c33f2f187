import { z } from 'zod'
import { parsePorts } from './ports.ts'

/**
 * The shape of policy.json, the one source of both the checks of small structure and the published JSON Schema.
 * Names and prefixes are checked octet by octet elsewhere; their patterns here are hints for editors.
 */

const PORT = 'A port is a number from 1 to 65535 or a range such as "8000-8010".'

const port = z
  .union(
    [
      z.int(PORT).min(1, PORT).max(65535, PORT),
      z
        .string()
        .refine((text) => parsePorts(text) !== undefined, PORT)
        .meta({ pattern: '^[0-9]{1,5}(-[0-9]{1,5})?$' }),
    ],
    { error: PORT },
  )
  .meta({ description: 'A port number, or a range such as "8000-8010".' })

const ports = z
  .array(port)
  .refine(
    (list) => list.length > 0,
    'The list of ports is empty; leave it out for the default (80 and 443), or name the ports.',
  )
  .refine((list) => list.length <= 1024, 'At most 1024 ports and ranges are possible.')
  .meta({ minItems: 1, maxItems: 1024 })

const protocols = z
  .array(z.enum(['tcp', 'udp'], { error: 'A protocol is "tcp" or "udp".' }))
  .refine((list) => list.length > 0, 'The list of protocols is empty; leave it out for both TCP and UDP.')
  .refine((list) => new Set(list).size === list.length, 'A protocol stands twice.')
  .meta({ minItems: 1, maxItems: 2, uniqueItems: true })

/** No quotes, no controls, no lone surrogates, nothing that turns the direction of writing on a terminal. */
const FREE_TEXT = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}"']*$/u

/** VyOS values hold neither quotes nor line ends, and a policy must fit both forms. */
const freeText = z
  .string()
  .max(200, 'The text has more than 200 characters.')
  .refine((text) => FREE_TEXT.test(text), 'The text holds a quote, a line end or another control character.')
  .meta({ pattern: `^[^"'\\u0000-\\u001f\\u007f]*$` })

const label = freeText
  .refine((text) => text !== '', 'The label is empty.')
  .meta({ description: 'A tag that shows up in every record about the entry.', minLength: 1 })

const nameText = z.string().meta({
  description: 'A domain name, or "*.name" for every name below it at any depth.',
  pattern: '^(\\*\\.)?[^*\\s"/:]+$',
  maxLength: 1000,
})

const prefixText = z.string().meta({
  description: 'An IPv4 or IPv6 address or prefix.',
  pattern: '^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$',
})

const common = { label: label.optional(), reason: freeText.optional() }

export const allowDomainEntry = z.strictObject({
  name: nameText,
  ports: ports.optional(),
  protocols: protocols.optional(),
  public_suffix: z.boolean().optional().meta({ description: 'The wildcard may cover a whole public suffix.' }),
  ...common,
})

export const denyDomainEntry = z.strictObject({ name: nameText, ...common })

export const allowPrefixEntry = z.strictObject({
  prefix: prefixText,
  ports: ports.optional(),
  protocols: protocols.optional(),
  wide: z.boolean().optional().meta({ description: 'The prefix may be shorter than /8 (IPv4) or /16 (IPv6).' }),
  ...common,
})

export const denyPrefixEntry = z.strictObject({ prefix: prefixText, ...common })

export const policyDocument = z.strictObject({
  $schema: z.string().max(2000).optional(),
  version: z.literal(1, { error: 'The version of the format is 1; write "version": 1.' }),
  description: freeText.optional(),
  allow: z
    .strictObject({
      domains: z.array(z.union([nameText, allowDomainEntry])).optional(),
      ips: z.array(z.union([prefixText, allowPrefixEntry])).optional(),
      ports: ports.optional(),
    })
    .optional(),
  deny: z
    .strictObject({
      domains: z.array(z.union([nameText, denyDomainEntry])).optional(),
      ips: z.array(z.union([prefixText, denyPrefixEntry])).optional(),
    })
    .optional(),
  labels: z.record(z.string(), label).optional(),
})

/** Fields of later versions, refused by name so that nobody believes they work. */
export const UNSUPPORTED = {
  document: ['revision', 'presets', 'windows', 'limits', 'proxy', 'groups'],
  entry: ['window', 'expires', 'upload'],
} as const

/** JSON Schema (draft 2020-12) of policy.json, for editors and other programs. */
export function policyJsonSchema(): object {
  return { title: 'Clawgress policy', ...z.toJSONSchema(policyDocument, { target: 'draft-2020-12' }) }
}
