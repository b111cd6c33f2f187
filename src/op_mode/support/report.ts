import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { basename, join } from 'node:path'
import { writeArchive } from '../../base/archive-file.ts'
import { type Layout, runtimePaths } from '../../base/layout.ts'
import { readRegularFile } from '../../base/regular-file.ts'
import type { Member } from '../../base/tar.ts'
import { VERSION } from '../../base/version.ts'
import { readCounters } from '../../firewall/index.ts'
import { services, UNIT_NAMES, unitLogs } from '../../services/index.ts'
import { ConfigTree } from '../../vyos/index.ts'
import { findLivePlan } from '../policy/live-plan.ts'
import { showVersions } from '../policy/versions.ts'
import { showStatus } from '../status/status.ts'
import { shownConfiguration } from './configuration.ts'
import { outputOf } from './programs.ts'
import { newestLines, redactor } from './redact.ts'
import { secretsInText, secretsOf } from './secrets.ts'

/** The newest of every log and every part, octets. */
const MAX_PART_BYTES = 512 << 10
const MAX_LOGS = 20
const MAX_CONFIGURATION_BYTES = 16 << 20
const OS_FILES = ['/etc/os-release', '/usr/share/vyos/version.json', '/proc/version', '/proc/meminfo', '/proc/loadavg']

/**
 * Writes one archive with what a bug report needs. It works whatever is broken: a part that cannot be found out says
 * so. Secrets are left out; so are the policy, decision records, and everything of the configuration that is not ours.
 * `readRunning` gives the running configuration. Returns what it says to the operator.
 */
export async function writeSupportReport(
  layout: Layout,
  readRunning: () => Promise<ConfigTree>,
  file: string,
  now = new Date(),
): Promise<string> {
  let unread = ''
  const running = await readRunning().catch((error: unknown) => {
    unread = `The configuration cannot be read: ${wordsOf(error)}\n`
    return ConfigTree.empty
  })
  const redact = redactor(unread === '' ? secretsOf(running) : secretsInFiles(layout))
  const parts: Record<string, () => string | Promise<string>> = {
    'versions.txt': versions,
    'status.txt': async () => (await showStatus(layout)).text,
    'status.json': async () => json((await showStatus(layout)).data),
    'configuration.txt': () => (unread === '' ? shownConfiguration(running) : unread),
    'generation.json': () => json(generationOf(layout)),
    'history.txt': () => showVersions(layout).text,
    'units.json': async () => json(await services(layout).status()),
    'interfaces.txt': interfaces,
    'ruleset.txt': () => outputOf(['nft', '-t', 'list', 'table', 'inet', 'clawgress']),
    'counters.json': () => json(readCounters()),
    'processes.txt': () => outputOf(['ps', '-eo', 'pid,ppid,user,etimes,rss,stat,comm']),
    'journal.txt': () =>
      outputOf(['journalctl', '--no-pager', '-q', '-n', '2000', ...UNIT_NAMES.flatMap((unit) => ['-u', unit])]),
    'logs/daemon-alerts.jsonl': () => alertsWithoutWords(runtimePaths(layout).daemonAlerts),
    ...Object.fromEntries(logFiles(layout).map((log) => [`logs/${basename(log)}`, () => tailOf(log)])),
  }
  const members: Member[] = []
  for (const [path, tell] of Object.entries(parts)) {
    const text = await Promise.resolve()
      .then(tell)
      .catch((error: unknown) => `${wordsOf(error)}\n`)
    members.push({ path, content: Buffer.from(redact(newestLines(text, MAX_PART_BYTES))) })
  }
  writeArchive(file, members, now)
  return `Written: ${members.length} files. Secrets, the policy and decision records are left out; look through it before you pass it on.`
}

/** For a running configuration that cannot be read: its text, and the saved one's, which has much in common with it. */
function secretsInFiles(layout: Layout): string[] {
  const files = [join(layout.config, 'config.boot'), join(layout.run, 'config/active.boot')]
  return files.flatMap((file) => {
    const content = readRegularFile(file, MAX_CONFIGURATION_BYTES)
    return 'fault' in content ? [] : [...secretsInText(content.bytes.toString('utf8'))]
  })
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

const wordsOf = (error: unknown): string =>
  `could not be found out: ${error instanceof Error ? error.message : String(error)}`

async function versions(): Promise<string> {
  const programs = await Promise.all(
    (
      [
        ['named', '-V'],
        ['nft', '--version'],
        ['ulogd', '--version'],
        ['ip', '-V'],
        ['systemctl', '--version'],
      ] as const
    ).map(async (command) => `$ ${command.join(' ')}\n${await outputOf(command)}`),
  )
  const files = OS_FILES.filter((path) => existsSync(path)).map(
    (path) => `$ cat ${path}\n${readFileSync(path, 'utf8')}`,
  )
  return [`clawgress ${VERSION}, Node ${process.version}, ${process.arch}\n`, ...programs, ...files].join('\n')
}

/** What the live generation is made of, without its names. */
function generationOf(layout: Layout): unknown {
  const { plan, since } = findLivePlan(layout) ?? {}
  if (plan === undefined) return 'No generation is live.'
  const { generation, names, groups, settings } = plan
  const { clientInterfaces, nameServers, denyAnswer, cacheSizeMiB, maxTtl, pinSlack, denyAction, markMask } = settings
  const prefixes = groups.reduce((sum, { statics }) => sum + statics.length, 0)
  const shown = { clientInterfaces, nameServers, denyAnswer, cacheSizeMiB, maxTtl, pinSlack, denyAction, markMask }
  return { generation, since, allowed: names.allowCount, denied: names.denyCount, prefixes, settings: shown }
}

/** Names, kinds and states; addresses are nobody's business. */
async function interfaces(): Promise<string> {
  const links = JSON.parse(await outputOf(['ip', '-j', '-d', 'link', 'show'])) as Record<string, unknown>[]
  return json(
    links.map(({ ifname, operstate, mtu, master, link, linkinfo }) => {
      const { info_kind: kind } = (linkinfo ?? {}) as { info_kind?: string }
      return { name: ifname, state: operstate, mtu, master, link, kind }
    }),
  )
}

function logFiles(layout: Layout): string[] {
  const folder = unitLogs(layout)
  const units = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
  const named = join(layout.named, 'log', 'named.log')
  const { alerts } = runtimePaths(layout)
  return [...units, alerts, named]
    .filter((path) => existsSync(path) && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,80}$/.test(basename(path)))
    .slice(0, MAX_LOGS)
}

/** Which alerts of the daemon there were, and when: what they say is who asked for what, as decision records do. */
function alertsWithoutWords(file: string): string {
  if (!existsSync(file)) return 'There were none.\n'
  const shown = tailOf(file)
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      try {
        const { time, event, state, severity } = JSON.parse(line) as Record<string, unknown>
        return `${JSON.stringify({ time, event, state, severity })}\n`
      } catch {
        // The error would repeat words of the line.
        return '(a line that was cut off)\n'
      }
    })
  return shown.join('')
}

/** Services write to these folders, and may have put anything there. */
function tailOf(file: string): string {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return 'This is not a regular file.\n'
    const buffer = Buffer.alloc(MAX_PART_BYTES)
    const start = Math.max(0, stat.size - MAX_PART_BYTES)
    const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, MAX_PART_BYTES, start))
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1)
  } finally {
    closeSync(fd)
  }
}
