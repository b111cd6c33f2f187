import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { API_SETTINGS_FILE } from '../api/settings.ts'
import { readSettingsFile, stampOf } from '../settings-file.ts'
import { WHY_SETTINGS_FILE } from '../why/settings.ts'
import type { Condition } from './alert.ts'
import { ALERT_SETTINGS_FILE } from './settings.ts'

const DAY = 86_400_000
const WARN_DAYS = 30
const CRITICAL_DAYS = 7
/** A clock that is wrong for a moment ends no certificate. */
const FOR_MS = 60_000
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Of any settings file of the daemon, only what may hold certificates. */
const settingsWithCertificates = z.object({
  tls: z.object({ certificate: z.string() }).optional(),
  webhooks: z.array(z.object({ id: z.string(), authorities: z.string().optional() })).optional(),
})

interface Ending {
  readonly use: string
  readonly subject: string
  readonly validTo: number
}

/** Settings in a generation's folder, and what their certificate is for. */
const SERVED = {
  [API_SETTINGS_FILE]: 'api',
  [WHY_SETTINGS_FILE]: 'why-page',
  [ALERT_SETTINGS_FILE]: 'webhook',
} as const

/** The ends of the certificates in the settings of the live generation. */
export class Certificates {
  private readonly folder: string
  private readonly read = new Map<string, { readonly stamp: string; readonly endings: readonly Ending[] }>()

  /** @param folder the link to the live generation */
  constructor(folder: string) {
    this.folder = folder
  }

  /** `now` by the wall clock. */
  evaluate(now: number): Condition[] {
    return Object.entries(SERVED)
      .flatMap(([file, use]) => this.endingsOf(join(this.folder, file), use))
      .filter(({ validTo }) => validTo - now < WARN_DAYS * DAY)
      .map((ending) => conditionOf(ending, now))
  }

  private endingsOf(file: string, use: string): readonly Ending[] {
    const stamp = stampOf(file)
    if (stamp === undefined) return []
    const known = this.read.get(file)
    if (known?.stamp === stamp) return known.endings
    const endings = readEndings(file, use)
    if (endings !== undefined) this.read.set(file, { stamp, endings })
    return endings ?? known?.endings ?? []
  }
}

/** Undefined where they cannot be read. */
function readEndings(file: string, use: string): Ending[] | undefined {
  try {
    const { tls, webhooks = [] } = readSettingsFile(file, settingsWithCertificates) ?? {}
    return [
      ...(tls === undefined ? [] : endingOf(tls.certificate, use)),
      ...webhooks.flatMap(({ id, authorities }) =>
        authorities === undefined ? [] : endingOf(authorities, `${use} ${id}`),
      ),
    ]
  } catch {
    // Whoever uses the settings says what is wrong with them.
    return undefined
  }
}

/** Of a chain, the certificate that ends first: from then on nobody can verify it. */
function endingOf(chain: string, use: string): Ending[] {
  return (chain.match(CERTIFICATE) ?? [])
    .map((pem) => new X509Certificate(pem))
    .map(({ subject, validTo }) => ({ use, subject: subject.replaceAll('\n', ', '), validTo: Date.parse(validTo) }))
    .sort((one, other) => one.validTo - other.validTo)
    .slice(0, 1)
}

function conditionOf({ use, subject, validTo }: Ending, now: number): Condition {
  const days = Math.floor((validTo - now) / DAY)
  const date = new Date(validTo).toISOString().slice(0, 10)
  return {
    event: 'certificate.expiry',
    labels: { use },
    severity: days < CRITICAL_DAYS ? 'critical' : 'warning',
    summary: `The certificate ${subject} (${use}) ${days < 0 ? 'ended' : 'ends'} on ${date}.`,
    description: 'Put a new one into pki, and commit.',
    forMs: FOR_MS,
  }
}
