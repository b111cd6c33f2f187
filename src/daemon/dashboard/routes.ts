import { z } from 'zod'
import type { RegisterRoutes } from '../api/context.ts'
import { success } from '../api/reply.ts'
import { pageFiles } from './page-files.ts'

/** Scripts and styles of our own alone; no value can become a script; nobody frames the page; forms send nothing. */
export const CONTENT_SECURITY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const YEAR = 31_536_000

/**
 * The dashboard: a page that asks the API with the key that its user types, which it keeps in memory alone. The page
 * itself holds nothing secret and needs no key.
 */
export const dashboardRoutes: RegisterRoutes = (app) => {
  const files = pageFiles()
  const schema = { hide: true }
  const open = { config: { open: true as const }, schema }

  const headers = (name: string) => ({
    'content-security-policy': CONTENT_SECURITY,
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': name === 'index.html' ? 'no-cache' : `private, max-age=${YEAR}, immutable`,
  })

  if (files.size > 0) app.get('/', open, (_request, reply) => reply.redirect('/dashboard', 302))
  for (const [name, { type, content }] of files)
    app.get(name === 'index.html' ? '/dashboard' : `/dashboard/${name}`, open, (_request, reply) =>
      reply.headers(headers(name)).type(type).send(content),
    )

  app.get(
    '/dashboard/session',
    { config: { role: 'viewer' }, schema: { ...schema, response: { 200: z.looseObject({}) } } },
    ({ caller }) => success({ id: caller!.id, role: caller!.role }),
  )
}
