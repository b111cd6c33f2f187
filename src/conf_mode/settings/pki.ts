import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { ConfigDict } from '../../vyos/index.ts'
import { isDict } from './dict-reader.ts'

/** A certificate with its chain, and its private key, as PEM. */
export interface ServerCertificate {
  readonly certificate: string
  readonly key: string
  /** When the certificate itself ends. */
  readonly validTo: Date
}

const child = (dict: ConfigDict | null | undefined, name: string): ConfigDict | undefined => {
  const value = dict?.[name]
  return isDict(value) ? value : undefined
}

/** `pki` holds the Base64 of PEM without its first and last lines (vyos-1x, python/vyos/pki.py). */
const pem = (label: string, base64: string): string =>
  `-----BEGIN ${label}-----\n${base64.match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END ${label}-----\n`

/**
 * The certificate `name` of the configuration's `pki`, with the authorities in `pki ca` that lead towards its root.
 * Returns a sentence where a server could not use it.
 */
export function serverCertificate(pki: ConfigDict | null, name: string): ServerCertificate | string {
  const node = child(child(pki, 'certificate'), name)
  if (node === undefined) return `There is no pki certificate ${name}; import or generate it first.`
  const secret = child(node, 'private')
  if (typeof node.certificate !== 'string') return `pki certificate ${name} holds no certificate.`
  if (secret?.['password-protected'] !== undefined)
    return `The private key of pki certificate ${name} is protected by a password, which nobody could enter; use one without.`
  if (typeof secret?.key !== 'string') return `pki certificate ${name} holds no private key.`
  let leaf: X509Certificate
  let key: KeyObject
  try {
    leaf = new X509Certificate(pem('CERTIFICATE', node.certificate))
    key = createPrivateKey(pem('PRIVATE KEY', secret.key))
  } catch {
    return `pki certificate ${name} cannot be read: certificate and private key must be the Base64 of their PEM form.`
  }
  if (!leaf.checkPrivateKey(key)) return `The private key of pki certificate ${name} does not belong to it.`
  const certificate = [leaf, ...chainOf(leaf, pki)].map(String).join('')
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  try {
    createSecureContext({ cert: certificate, key: keyPem, minVersion: 'TLSv1.2' })
  } catch {
    return `TLS does not accept pki certificate ${name}; its key or signature is too weak.`
  }
  return { certificate, key: keyPem, validTo: new Date(leaf.validTo) }
}

/** The certificate, as PEM, of the authority `name` in `pki ca`, or why nothing could be trusted by it. */
export function authorityCertificate(
  pki: ConfigDict | null,
  name: string,
): { readonly certificate: string } | { readonly fault: string } {
  const node = child(child(pki, 'ca'), name)
  if (typeof node?.certificate !== 'string')
    return { fault: `There is no pki ca ${name} with a certificate; import or generate it first.` }
  try {
    return { certificate: new X509Certificate(pem('CERTIFICATE', node.certificate)).toString() }
  } catch {
    return { fault: `The certificate of pki ca ${name} cannot be read: it must be the Base64 of its PEM form.` }
  }
}

/** Authorities between the certificate and its root, which clients have themselves. */
function chainOf(leaf: X509Certificate, pki: ConfigDict | null): X509Certificate[] {
  const authorities = Object.values(child(pki, 'ca') ?? {}).flatMap((node) => {
    try {
      return isDict(node) && typeof node.certificate === 'string'
        ? [new X509Certificate(pem('CERTIFICATE', node.certificate))]
        : []
    } catch {
      return []
    }
  })
  const chain: X509Certificate[] = []
  for (let last = leaf; ; ) {
    const issuer = authorities.find((each) => !chain.includes(each) && last.checkIssued(each))
    if (issuer === undefined || issuer.checkIssued(issuer)) return chain
    chain.push(issuer)
    last = issuer
  }
}
