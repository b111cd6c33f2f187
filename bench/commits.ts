import { HeldConnections } from '../src/standalone/demo/revocation.ts'
import { policySettings } from '../src/standalone/lab/gateway.ts'
import type { Lab } from '../src/standalone/lab/lab.ts'
import { clawgressProgram } from '../src/standalone/lab/process.ts'
import { policyText } from './policies.ts'
import { median, milliseconds, type Row, timed } from './row.ts'

const REVOKED = 'api.anthropic.com'
const KEPT = 'api.openai.com'
const SMALL = 1_000 - 2

/** `clawgress policy import` of a text on the gateway, in milliseconds from the start of the process to its end. */
export async function importText(lab: Lab, text: string): Promise<number> {
  await lab.gateway.write('/config/next.json', text)
  const [time] = await timed(() =>
    lab.gateway.clawgress(['policy', 'import', '/config/next.json'], { timeoutMs: 180_000 }),
  )
  return time
}

/**
 * Processor time of a command on the gateway and of the programs that it starts, in milliseconds: the load of the machine
 * changes it less than the time on the clock.
 */
async function processorTime(lab: Lab, args: readonly string[]): Promise<number> {
  const timed = ['bash', '-c', 'TIMEFORMAT="%U %S"; time "$@" 2>/dev/null', 'bash', ...clawgressProgram(), ...args]
  const { stderr } = await lab.gateway.exec(timed)
  const [user, system] = stderr.trim().split(/\s+/).map(Number) as [number, number]
  return (user + system) * 1000
}

/** Puts the first policy into force, of 1,000 domains. */
export async function commitSmall(lab: Lab): Promise<void> {
  await lab.gateway.write('/config/policy.json', policyText(SMALL, 0, 0, [REVOKED, KEPT]))
  await lab.commit(policySettings('/config/policy.json'))
}

/** Changes of a small policy by import; the process's own start is part of every time. */
export async function* benchCommits(lab: Lab): AsyncGenerator<Row> {
  const times: number[] = []
  for (let salt = 1; salt <= 5; salt++) times.push(await importText(lab, policyText(SMALL, 10, salt, [REVOKED, KEPT])))
  const [version] = await timed(() => lab.gateway.clawgress(['--version']))
  const [again] = await timed(() => lab.gateway.clawgress(['--version']))
  yield {
    work: 'commit of 1,000 domains, 10 of them changed, proven live (median of 5, worst)',
    measured: `${milliseconds(median(times))}, ${milliseconds(Math.max(...times))}`,
    compared: `a command that does nothing: ${milliseconds(Math.min(version, again))}`,
    budget: '500 ms',
    met: median(times) <= 500,
  }
  const used: number[] = []
  for (let salt = 6; salt <= 10; salt++) {
    await lab.gateway.write('/config/next.json', policyText(SMALL, 10, salt, [REVOKED, KEPT]))
    used.push(await processorTime(lab, ['policy', 'import', '/config/next.json']))
  }
  const idle = await processorTime(lab, ['--version'])
  yield {
    work: 'processor time of such a commit, with the programs that it starts (median of 5, worst)',
    measured: `${milliseconds(median(used))}, ${milliseconds(Math.max(...used))}`,
    compared: `a command that does nothing: ${milliseconds(idle)}`,
    ratio: median(used) / idle,
  }
}

/** Connections through two names while one of them loses its place in the policy. */
export async function* benchRevocation(lab: Lab): AsyncGenerator<Row> {
  await importText(lab, policyText(SMALL, 0, 0, [REVOKED, KEPT]))
  await using held = new HeldConnections(lab)
  await held.open()
  await lab.gateway.write('/config/next.json', policyText(SMALL, 0, 0, [KEPT]))
  const entered = Date.now()
  await lab.gateway.clawgress(['policy', 'import', '/config/next.json'])
  const outcomes = await held.outcomes(entered, Date.now())
  const ended = outcomes.filter(({ connection }) => connection.expected === 'reset')
  const kept = outcomes.filter(({ connection }) => connection.expected === 'survives')
  const worst = Math.max(...ended.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY))
  const alive = kept.filter(({ asExpected }) => asExpected).length
  yield {
    work: `${ended.length} revoked connections, traffic flowing or idle: from entering the command to the reset at both ends (worst)`,
    measured: milliseconds(worst),
    compared: `${alive} of ${kept.length} connections of another name live on`,
    budget: '500 ms',
    met: worst <= 500 && alive === kept.length && ended.every(({ asExpected }) => asExpected),
  }
}
