import { layoutBelow } from '../src/base/layout.ts'
import { buildApp } from '../src/daemon/api/app.ts'
import type { ApiContext } from '../src/daemon/api/context.ts'
import { Operations } from '../src/daemon/api/operations.ts'

const unasked = (): never => {
  throw new Error('a description asks nobody')
}

/** docs/openapi.json: what the API says of itself. */
export async function describeApi(): Promise<object> {
  const context: ApiContext = {
    layout: layoutBelow(''),
    settings: unasked,
    plan: () => undefined,
    views: { status: unasked, policy: unasked, versions: unasked, test: unasked, difference: unasked },
    onRecord: unasked,
    telemetry: { query: unasked, series: unasked },
    metricsText: unasked,
    alerts: unasked,
    operations: new Operations(),
  }
  const app = await buildApp(context)
  try {
    return app.swagger()
  } finally {
    await app.close()
  }
}
