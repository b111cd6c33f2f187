import { strict as assert } from 'node:assert'
import { hostname, userInfo } from 'node:os'
import { until } from '../support/lab.ts'
import { ShellRoot, ShellTerminal } from '../support/shell-terminal.ts'

const identity = `${userInfo().username}@${hostname()}`
const CONFIG_PROMPT = /# \x1b\[K$/
const OP_PROMPT = /:~\$ \x1b\[K$/

describe('the shell on a terminal', () => {
  let root: ShellRoot
  let terminal: ShellTerminal

  const start = async (plan: Record<string, object> = {}) => {
    terminal = new ShellTerminal(root, plan)
    await terminal.see(OP_PROMPT)
  }
  const configure = async () => {
    await terminal.run('configure', CONFIG_PROMPT)
  }

  beforeEach(() => {
    root = new ShellRoot()
  })
  afterEach(() => {
    terminal?.kill()
    root.remove()
  })

  it('shows the prompts of VyOS', async () => {
    terminal = new ShellTerminal(root)
    assert.ok((await terminal.see(OP_PROMPT)).includes(`${identity}:~$ `))
    const config = await terminal.run('configure', CONFIG_PROMPT)
    assert.ok(config.endsWith(`[edit]\r\n\r${identity}# \x1b[K`), JSON.stringify(config))
    await terminal.run('set service clawgress disable')
    const edit = await terminal.run('edit service clawgress', CONFIG_PROMPT)
    assert.ok(edit.includes('[edit service clawgress]\r\n'))
    await terminal.run('exit', CONFIG_PROMPT)
    assert.match(await terminal.run('exit'), /Cannot exit: configuration modified\.\r\nUse 'exit discard'/)
    await terminal.run('exit discard', OP_PROMPT)
    terminal.type('exit\r')
    assert.equal(await terminal.exited, 0)
  })

  it('completes nodes with tab and shows help with ?', async () => {
    await start()
    await configure()
    terminal.type('set ser\tcla\tpolicy-\t')
    await terminal.see(/# set service clawgress policy-file \x1b\[K$/)
    terminal.type('\x15set service clawgress ?')
    const help = await terminal.see(/completions:[\s\S]*# set service clawgress \x1b\[K$/)
    assert.match(help, /\r\nPossible completions:\r\n/)
    assert.match(help, / > client {15}Clients that are policed\r\n/)
    assert.match(help, /\+ {2}listen-address {7}Local address where clients reach DNS\r\n/)
    assert.match(help, / {3}disable {14}Stop policing and serving clients\r\n/)
    terminal.type('dns ?')
    const dns = await terminal.see(/completions:[\s\S]*# set service clawgress dns \x1b\[K$/)
    assert.match(dns, /\+> name-server {10}Upstream DNS server/)
    assert.match(dns, / {3}pin-slack {12}Time that an address stays reachable past its TTL \(default: 300\)/)
    terminal.type('max-ttl ?')
    assert.match(await terminal.see(/completions:[\s\S]*max-ttl \x1b\[K$/), / {3}<60-604800> {10}Time in seconds\r\n/)
    terminal.type('\x15set service clawgress dns deny-answer \t')
    const values = await terminal.see(/completions:[\s\S]*deny-answer \x1b\[K$/)
    assert.match(values, /nxdomain {13}The name does not exist\r\n {3}nodata/)
    terminal.type('nx\t')
    await terminal.see(/deny-answer nxdomain \x1b\[K$/)
    terminal.type('\r')
    await terminal.see(CONFIG_PROMPT)
    assert.match(await terminal.run('compare'), /deny-answer "nxdomain"/)
  })

  it('completes commands of operational mode, also behind run', async () => {
    await start()
    terminal.type('sh\tclaw\tsta\t')
    await terminal.see(/\$ show clawgress status \x1b\[K$/)
    terminal.type('\r')
    assert.match(await terminal.see(OP_PROMPT), /stub \["op","show","status"\]/)
    terminal.type('show clawgress ?')
    const help = await terminal.see(/completions:[\s\S]*show clawgress \x1b\[K$/)
    assert.match(help, / {3}denies {15}Show what was refused lately, and why\r\n/)
    terminal.type('\x15')
    await configure()
    terminal.type('run sh\tcla\tpi\t')
    await terminal.see(/# run show clawgress pins \x1b\[K$/)
  })

  it('refuses a value with the message of its definition', async () => {
    await start()
    await configure()
    const refused = await terminal.run('set service clawgress dns max-ttl 5')
    assert.match(
      refused,
      /\n {2}Maximum TTL must be in range 60 to 604800 seconds\r\n {2}Value validation failed\r\n {2}Set failed\r\n\r\n/,
    )
    assert.match(await terminal.run('commit'), /No configuration changes to commit/)
    assert.deepEqual(root.calls(), [])
  })

  it('commits through the owner and shows what it says', async () => {
    await start({ service_clawgress: { output: 'generation 1 is live\n' } })
    await configure()
    await terminal.run('set service clawgress policy-file /config/policy.json')
    await terminal.run('set service clawgress client interface eth1')
    const output = await terminal.run('commit', CONFIG_PROMPT)
    assert.match(output, /^\[ service clawgress \]\r\ngeneration 1 is live\r\n\r\n\[edit\]/)
    assert.equal(root.calls().length, 1)
    await terminal.run('save', CONFIG_PROMPT)
    await terminal.run('exit', OP_PROMPT)
    assert.match(root.read('config/config.boot'), /policy-file "\/config\/policy\.json"/)
  })

  it('recalls lines, edits inside them and forgets an interrupted one', async () => {
    await start()
    await configure()
    await terminal.run('set service clawgress dns pin-slack 90')
    terminal.type('\x1b[A')
    await terminal.see(/# set service clawgress dns pin-slack 90\x1b\[K$/)
    terminal.type('\x1b[D\x1b[D\x7f 1\r')
    await terminal.see(CONFIG_PROMPT)
    assert.match(await terminal.run('show | match slack'), /pin-slack 190/)
    terminal.type('delete service\x03')
    assert.match(await terminal.see(/\[edit\]\r\n\r.*# \x1b\[K$/), /\^C/)
    assert.match(await terminal.run('show | match slack'), /pin-slack 190/)
  })

  it('carries a commit out although Ctrl-C is pressed meanwhile', async () => {
    await start({ service_clawgress: { slowMs: 700, output: 'done\n' } })
    await configure()
    await terminal.run('set service clawgress disable')
    terminal.type('commit\r')
    await terminal.see(/commit.*\r\n/)
    await until('the handler works', 10_000, () => root.calls().length > 0)
    terminal.type('\x03')
    assert.match(await terminal.see(/\[edit\]\r\n\r.*# \x1b\[K$/), /\[ service clawgress \]\r\ndone/)
    assert.match(await terminal.run('commit'), /No configuration changes to commit/)
  })
})
