import { readFileSync } from 'node:fs'

const SYSTEM_BUNDLE = '/etc/ssl/certs/ca-certificates.crt'

/**
 * Certificate authorities for DNS over TLS: those of the file `SSL_CERT_FILE` names (as OpenSSL's programs read it), or
 * the system's, so that an operator's own authority counts. Undefined: those built into Node.
 */
export function certificateAuthorities(env: NodeJS.ProcessEnv = process.env): readonly string[] | undefined {
  const file = env.SSL_CERT_FILE ?? SYSTEM_BUNDLE
  try {
    const text = readFileSync(file, 'latin1')
    const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
    return certificates ?? undefined
  } catch {
    return undefined
  }
}
