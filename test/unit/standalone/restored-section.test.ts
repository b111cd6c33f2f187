import assert from 'node:assert/strict'
import { sectionChange } from '../../../src/conf_mode/backup/section-change.ts'
import { ConfigTree, parseConfig } from '../../../src/vyos/index.ts'
import { SessionFixture, STUB } from './session-fixture.ts'

const SECTION = `service {
    clawgress {
        /* who
           may ** go out */
        client {
            interface eth1
        }
        policy {
            allow {
                /* for the build */
                domain a.example {
                }
            }
        }
    }
}
`

describe('the section of a backup', () => {
  const fixture = new SessionFixture()

  it('comes back with its comments, each in one line', async () => {
    const shell = fixture.newShell(STUB, 20_000, true)
    await fixture.run(shell, 'configure')
    const session = shell.session!
    const section = parseConfig(SECTION)
    const { set, remarks = [] } = sectionChange(ConfigTree.empty, section, 'restore')
    for (const words of set) session.set(['service', 'clawgress', ...words])
    for (const { path, text } of remarks) session.comment(['service', 'clawgress', ...path], text)
    const client = ['service', 'clawgress', 'client']
    assert.match(session.working.get(client)?.comment ?? '', /^who +may +go out$/)
    assert.ok(session.working.equals(section.withComment(client, session.working.get(client)!.comment!)))
  })
})
