import { get } from 'node:http'
import { z } from 'zod'
import { ENDPOINTS } from '../../../base/endpoints.ts'

const TIMEOUT = 2_000
const MAX_BYTES = 8 << 20

/** The part that is used of BIND's statistics channel (`/json/v1/server`, version 1.x). */
const statistics = z.object({
  views: z.record(
    z.string(),
    z.object({ resolver: z.object({ cachestats: z.object({ QueryHits: z.int().min(0) }).optional() }).optional() }),
  ),
})

/** Questions that each view answered from its cache, since named started. Rejects where named does not answer. */
export function readCacheHits(port: number = ENDPOINTS.statisticsPort): Promise<Map<string, number>> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: '/json/v1/server', timeout: TIMEOUT }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > MAX_BYTES) request.destroy(new Error('the answer is too long'))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () => {
        try {
          const { views } = statistics.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
          resolve(
            new Map(Object.entries(views).map(([view, { resolver }]) => [view, resolver?.cachestats?.QueryHits ?? 0])),
          )
        } catch (error) {
          reject(error)
        }
      })
    })
    request.on('timeout', () => request.destroy(new Error('it did not answer in time')))
    request.on('error', reject)
  })
}
