import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { CONTENT } from './addresses.ts'
import { certificateNames } from './zones.ts'

/** Paths of PEM files. */
export interface Certificates {
  /** The lab's own authority, which agents trust. */
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

export const certificateFiles = (folder: string): Certificates => ({
  authority: join(folder, 'ca.pem'),
  certificate: join(folder, 'server.pem'),
  key: join(folder, 'server.key'),
})

/** Makes an authority and one server certificate for every name and raw address of the lab's internet. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  await mkdir(folder, { recursive: true })
  const files = certificateFiles(folder)
  const authorityKey = join(folder, 'ca.key')
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await execa('openssl', [
    ...['req', '-x509', ...newKey, '-keyout', authorityKey, '-out', files.authority, '-days', '30'],
    ...['-subj', '/CN=Clawgress lab authority', '-addext', 'keyUsage=critical,keyCertSign'],
  ])
  const request = join(folder, 'server.csr')
  const extensions = join(folder, 'server.ext')
  const alternatives = [
    ...certificateNames().map((name) => `DNS:${name}`),
    ...Object.values(CONTENT).flatMap(({ v4, v6 }) => [`IP:${v4}`, `IP:${v6}`]),
  ]
  await writeFile(extensions, `subjectAltName=${alternatives.join(',')}\nextendedKeyUsage=serverAuth\n`)
  await execa('openssl', ['req', ...newKey, '-keyout', files.key, '-out', request, '-subj', '/CN=lab internet'])
  await execa('openssl', [
    ...['x509', '-req', '-in', request, '-CA', files.authority, '-CAkey', authorityKey, '-CAcreateserial'],
    ...['-days', '30', '-extfile', extensions, '-out', files.certificate],
  ])
  return files
}

/** @returns certificate and key as PEM text */
export async function readCertificates(folder: string): Promise<{ cert: string; key: string }> {
  const files = certificateFiles(folder)
  const [cert, key] = await Promise.all([readFile(files.certificate, 'utf8'), readFile(files.key, 'utf8')])
  return { cert, key }
}
