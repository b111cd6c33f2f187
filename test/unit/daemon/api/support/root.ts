import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { type Layout, runtimePaths } from '../../../../../src/base/layout.ts'
import { answerActivation } from '../../../../../src/conf_mode/policy/activation-request.ts'
import { prepareFolders } from '../../../../../src/services/folders.ts'

/** What root answers on a machine on which nothing was ever committed, in this process; so nothing can become live. */
export async function answerAsRoot(layout: Layout): Promise<Server> {
  prepareFolders(layout)
  const session = async () => ({
    running: async () => undefined,
    change: async () => assert.fail('there is nothing to change'),
  })
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    void answerActivation(layout, connection, session)
  })
  await new Promise<void>((resolve) => server.listen(runtimePaths(layout).activationSocket, resolve))
  return server
}
