import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { assetsRoot } from '../../base/assets.ts'
import { fail } from '../../base/errors.ts'
import { runtimePaths } from '../../base/layout.ts'
import { enterHints, insideCommand } from '../lab/enter.ts'
import { LAB_SETTINGS } from '../lab/gateway.ts'
import { Lab } from '../lab/lab.ts'
import { CLIENT_INTERFACES, labPaths } from '../lab/topology.ts'
import { labDown } from '../lab/up.ts'
import { withCleanUp } from './interruption.ts'
import { Report } from './report.ts'
import { HeldConnections } from './revocation.ts'
import { DENY_LIST_ROWS, REVOKED_ROWS, SEED_ROWS } from './rows.ts'
import { Typist } from './typist.ts'

export interface DemoOptions {
  /** Leave the lab up afterwards. */
  readonly keep: boolean
}

/**
 * Plays the demo on a fresh lab: types the configuration a user would type, lets agents try things, changes the policy
 * twice, and prints what came of it.
 * @returns whether everything went as expected
 */
export async function runDemo(name: string, options: DemoOptions): Promise<boolean> {
  let rising: Promise<Lab> | undefined
  const cleanUp = async () => {
    // A lab that is half built would go on building behind our back.
    await rising?.catch(() => undefined)
    await labDown(name)
  }
  return withCleanUp(cleanUp, async () => {
    let done = false
    try {
      const report = new Report()
      report.say('Building the lab: two agents, a gateway and an internet, each in a network namespace of its own.')
      rising = Lab.up(name)
      const success = await play(await rising, report)
      done = true
      return success
    } finally {
      if (options.keep && done) process.stdout.write(`\n${enterHints(name)}`)
      else await cleanUp()
    }
  })
}

async function play(lab: Lab, report: Report): Promise<boolean> {
  for (const file of ['policy.json', 'deny-list.json', 'without-anthropic.json']) {
    await lab.gateway.copy(join(assetsRoot(), 'examples', file), `/config/${file}`)
  }
  await using shell = new Typist(insideCommand(labPaths(lab.paths.name), 'shell'), {
    environment: lab.gateway.environment,
    live: process.stdout.isTTY === true,
    write: (text) => process.stdout.write(text),
  })
  await shell.ready()
  for (const command of CONFIGURATION) await shell.type(command)
  if (!existsSync(runtimePaths(lab.gateway.layout).current)) {
    fail('apply.proof', 'The demo ends here, because the commit above failed.')
  }

  await report.act(lab, 'Under the first example of the policy, which lists three names and one prefix:', SEED_ROWS)

  report.say('The same policy with a deny list and two more names, one of which answers with an internal address:')
  shell.showPrompt()
  await shell.type('clawgress policy import /config/deny-list.json')
  await report.act(lab, 'Now a name that leads to a denied one, and a name that lies:', DENY_LIST_ROWS)

  await using held = new HeldConnections(lab)
  await held.open()
  report.say('Connections through api.anthropic.com and api.openai.com are open. The first name is removed:')
  shell.showPrompt()
  const entered = Date.now()
  await shell.type('clawgress policy import /config/without-anthropic.json')
  const done = Date.now()
  report.held(await held.outcomes(entered, done), done - entered)
  await report.act(lab, 'And afterwards:', REVOKED_ROWS)
  await shell.leave('exit')
  return report.conclude()
}

const CONFIGURATION: readonly string[] = [
  'configure',
  'set service clawgress policy-file /config/policy.json',
  ...CLIENT_INTERFACES.map((device) => `set service clawgress client interface ${device}`),
  ...LAB_SETTINGS,
  'commit',
  'save',
  'exit',
  'show clawgress status',
]
