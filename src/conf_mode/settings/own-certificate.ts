import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceWhole } from '../../base/atomic-file.ts'
import type { Layout } from '../../base/layout.ts'
import { runProgram } from '../../base/run-program.ts'
import type { WhySettings } from '../../daemon/why/settings.ts'

const DAYS = 3650
const TIMEOUT_MS = 30_000
/** It is made anew when less than this is left, milliseconds. */
const RENEW_BEFORE = 90 * 86_400_000

/**
 * The settings with a certificate: the configured one, else one that the gateway makes for itself and keeps, so that
 * clients may learn to trust it. Without openssl(1) there is none, and the page is served over http alone.
 */
export async function withCertificate(layout: Layout, settings: WhySettings): Promise<WhySettings> {
  if (settings.tls !== undefined) return settings
  const file = join(layout.state, 'why-page.pem')
  const text = readText(file)
  const kept = text === undefined ? undefined : split(text)
  if (kept !== undefined && isFor(kept.certificate, settings)) return { ...settings, tls: kept }
  try {
    const made = await selfSigned(settings)
    mkdirSync(layout.state, { recursive: true, mode: 0o755 })
    replaceWhole(file, `${made.certificate}${made.key}`, 0o600)
    return { ...settings, tls: made }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return settings
    throw error
  }
}

async function selfSigned({ name, listen }: WhySettings): Promise<NonNullable<WhySettings['tls']>> {
  const names = [`DNS:${name}`, ...listen.map((address) => `IP:${address}`)].join()
  const words = [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(DAYS)],
    ...['-subj', '/CN=Clawgress', '-addext', `subjectAltName=${names}`, '-addext', 'extendedKeyUsage=serverAuth'],
    // By itself openssl makes an authority: whoever got its key could be any server to those who trust the page.
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'keyUsage=critical,digitalSignature'],
    ...['-keyout', '-', '-out', '-'],
  ]
  const { stdout } = await runProgram('openssl', words, { timeoutMs: TIMEOUT_MS })
  const made = split(stdout)
  if (made === undefined) throw new Error('openssl printed no certificate')
  return made
}

function split(text: string): { certificate: string; key: string } | undefined {
  const part = (label: string) => new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`).exec(text)?.[0]
  const certificate = part('CERTIFICATE')
  const key = part('PRIVATE KEY')
  return certificate === undefined || key === undefined
    ? undefined
    : { certificate: `${certificate}\n`, key: `${key}\n` }
}

function isFor(pem: string, { name, listen }: WhySettings): boolean {
  try {
    const certificate = new X509Certificate(pem)
    if (certificate.ca) return false
    const isNamed = certificate.checkHost(name) !== undefined
    const isAddressed = listen.every((address) => certificate.checkIP(address) !== undefined)
    return isNamed && isAddressed && Date.parse(certificate.validTo) > Date.now() + RENEW_BEFORE
  } catch {
    return false
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
