import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { layoutBelow } from '../../../src/base/layout.ts'
import { answerActivation } from '../../../src/conf_mode/policy/activation-request.ts'
import { requestActivation } from '../../../src/services/index.ts'
import { tempFolder } from '../daemon/temp-folder.ts'

describe('a request of the API to import into the configuration', () => {
  const folder = tempFolder()

  it('is refused beside a policy file with what a caller of the API can do', async () => {
    const session = async () => ({
      running: async () => ({ 'policy-file': '/config/p.json' }),
      change: async () => assert.fail('nothing is to be changed'),
    })
    const server = createServer({ allowHalfOpen: true }, (connection) => {
      void answerActivation(layoutBelow(folder()), connection, session)
    })
    const path = join(folder(), 'socket')
    await new Promise<void>((resolve) => server.listen(path, resolve))
    try {
      const policy = Readable.from([Buffer.from('{"version":1}')])
      const { result } = await requestActivation(path, { operation: 'import', user: 'ci', into: 'config' }, policy)
      const advice = /; leave out into=config to replace the file, or .* on the gateway first, .*\(config\.conflict\)$/
      await assert.rejects(result, advice)
    } finally {
      server.close()
    }
  })
})
