import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Typist } from '../../../src/standalone/demo/typist.ts'
import { insideCommand } from '../../../src/standalone/lab/enter.ts'
import { labPaths } from '../../../src/standalone/lab/topology.ts'
import { shownCommands } from '../support/documents.ts'
import { SEED, useLab } from '../support/lab.ts'

/** What the session without VyOS has in common with VyOS; packages, images and other services are VyOS's alone. */
const TYPED =
  /^(?:run )?(?:(?:set|delete|show) service clawgress|(?:show|generate|import) clawgress|show configuration|(?:configure|commit|compare|rollback-soft|discard|save|exit)\b)/
const REFUSED = /failed|not valid|Invalid|Incomplete|Ambiguous/

/** What VyOS loads for IPv6 where its only reason to track connections is NAT of IPv4. */
const UNTRACKED = `table ip6 vyos_conntrack {
  chain FW_CONNTRACK { return; }
  chain NAT_CONNTRACK { return; }
  chain PREROUTING { type filter hook prerouting priority raw; jump FW_CONNTRACK; jump NAT_CONNTRACK; notrack; }
}
`

describe('docs/vyos.md', () => {
  const lab = useLab(SEED)

  it('is right that the status tells when VyOS has stopped tracking connections, and when it tracks them again', async () => {
    const troubles = async (): Promise<string> => {
      const { stdout } = await lab().gateway.clawgress(['status', '--json'], { mayFail: true })
      return (JSON.parse(stdout) as { troubles: string[] }).troubles.join('\n')
    }
    await lab().gateway.exec(['nft', '-f', '-'], { input: UNTRACKED })
    assert.match(await troubles(), /^This router takes all IPv6 packets out of connection tracking/m)
    await lab().gateway.exec(['nft', 'delete table ip6 vyos_conntrack'])
    assert.doesNotMatch(await troubles(), /connection tracking/)
  })

  it('shows commands that the session without VyOS takes as well', async function () {
    this.timeout(90_000)
    const shown = shownCommands(readFileSync('docs/vyos.md', 'utf8'), 'vyos').filter(({ command }) =>
      TYPED.test(command),
    )
    assert.ok(shown.length > 30)
    await using shell = new Typist(insideCommand(labPaths(lab().paths.name), 'shell'), {
      environment: lab().gateway.environment,
      live: false,
      write: () => undefined,
    })
    await shell.ready()
    for (const { command, output, line } of shown) {
      const printed = await shell.type(command)
      // A commit that VyOS refused for what was loaded before has nothing to refuse here.
      if (!output.some((text) => REFUSED.test(text)))
        assert.doesNotMatch(printed, REFUSED, `docs/vyos.md:${line}: ${command}`)
      // What a newer version's file lacks is told on VyOS alone.
      for (const sentence of output.filter((text) => command === 'commit' && /^service .*\)$/.test(text)))
        assert.ok(printed.includes(sentence) || sentence.includes('left-out'), `docs/vyos.md:${line}: ${printed}`)
    }
    await shell.leave('exit')
  })
})
