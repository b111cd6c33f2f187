import { z } from 'zod'
import { parsePrefix } from '../../base/address.ts'
import { readSettingsFile } from '../settings-file.ts'

/** What a key allows, each role all of the ones before it: read; try policies and roll back; activate new policies. */
export const ROLES = ['viewer', 'operator', 'admin'] as const

export type Role = (typeof ROLES)[number]

export const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/

const hex = z.string().regex(/^[0-9a-f]{64}$/)

/** How the API is served: written by a commit into the generation's folder, read by the daemon. */
export const apiSettings = z.strictObject({
  /** Addresses in canonical form. */
  listen: z.array(z.string()).min(1),
  port: z.int().min(1).max(65535),
  /** PEM; the certificate with its chain, the leaf first. Absent: plain http, which verify admits on loopback alone. */
  tls: z.exactOptional(z.strictObject({ certificate: z.string(), key: z.string() })),
  /** Prefixes; empty: everyone who reaches it. */
  allowClients: z.array(z.string().refine((text) => parsePrefix(text) !== undefined)),
  /** Made anew by every commit, so that equal keys on two gateways have different hashes. */
  salt: hex,
  keys: z
    .array(
      z.strictObject({
        id: z.string().regex(KEY_ID),
        role: z.enum(ROLES),
        hash: hex,
        /** From then on the key is refused. Absent: never. */
        expires: z.exactOptional(z.iso.datetime({ precision: 3 })),
      }),
    )
    .min(1),
})

export type ApiSettings = z.infer<typeof apiSettings>

/** Name of the settings in a generation's folder. Absent there: no API is configured. */
export const API_SETTINGS_FILE = 'api.json'

/** Undefined where the file does not exist. Throws where it is no settings file of this version. */
export const readApiSettings = (path: string): ApiSettings | undefined => readSettingsFile(path, apiSettings)
