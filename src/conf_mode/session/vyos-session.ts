import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { execa } from 'execa'
import { assetsRoot } from '../../base/assets.ts'
import { fail } from '../../base/errors.ts'
import type { ConfigDict } from '../../vyos/index.ts'
import type { ConfigurationChange, ConfigurationSession } from './configuration-session.ts'

/** VyOS's interpreter, which knows the `vyos` module, whatever PATH says. */
const PYTHON = '/usr/bin/python3'
/** 500 entries take some minutes: VyOS starts programs for each of them. */
const TIME_LIMIT_MS = 1_800_000
const MAX_OUTPUT = 4 * 1024 * 1024
/** As configuration_session.py ends. */
const STATUS = { done: 0, refused: 1, unsaved: 3, outdated: 4, unfit: 5, torn: 6 } as const

interface Answer {
  readonly status: number | undefined
  /** Standard output alone. */
  readonly answer: string
  readonly said: string
  /** Why the program did not come to an end of its own. */
  readonly broken?: string
}

/** VyOS's configuration system, through its own Python module. `interpreter` stands in for VyOS's in tests. */
export function vyosSession(interpreter: readonly string[] = [PYTHON]): ConfigurationSession {
  const script = join(assetsRoot(), 'op-mode/scripts/configuration_session.py')
  const run = async (request: object): Promise<Answer> => {
    const [file, ...options] = interpreter
    const {
      exitCode: status,
      stdout: answer = '',
      all = '',
      timedOut,
      failed,
    } = await execa(file!, [...options, script], {
      input: JSON.stringify(request),
      all: true,
      reject: false,
      timeout: TIME_LIMIT_MS,
      maxBuffer: MAX_OUTPUT,
      // A commit that is cut off leaves its session folder behind: out of reach of Ctrl-C, and of a terminal that closes.
      detached: true,
    })
    const because = (broken: string) => ({ status, answer, said: all, broken })
    if (timedOut) return because(`it did not finish within ${TIME_LIMIT_MS / 1000} s`)
    // A Python traceback tells an operator nothing but its last line.
    if (failed && all.includes('Traceback (most recent call last)')) return because(all.trimEnd().split('\n').at(-1)!)
    if (!Object.values<number | undefined>(STATUS).includes(status))
      return because(`the interpreter ended with status ${status ?? 'none'}`)
    return { status, answer, said: all }
  }
  const read = async (action: 'read' | 'settle') => {
    const { status, said, answer, broken } = await run({ action })
    if (broken !== undefined || status !== STATUS.done) unusable(broken ?? said)
    return (JSON.parse(answer) as ConfigDict | null) ?? undefined
  }
  return {
    running: () => read('read'),
    async change(change: ConfigurationChange) {
      const before = change.expected ?? (await read('read'))
      const { status, said, answer, broken } = await run({ action: 'change', ...change })
      // VyOS's commit goes on without the program that began it.
      if (broken !== undefined) return brokenOff(broken, isDeepStrictEqual(await read('settle'), before))
      if (status === STATUS.unfit) return unusable(`${answer.trim().replaceAll('\n', ' ')}. Nothing was changed`)
      if (status === STATUS.torn) return brokenOff(answer.trim(), false)
      if (status === STATUS.unsaved) return { ok: true, unsaved: true, said }
      if (status === STATUS.outdated) return { ok: false, outdated: true, said }
      return { ok: status === STATUS.done, said }
    },
  }
}

const unusable = (why: string): never =>
  fail(
    'system.unreachable',
    `VyOS's configuration session cannot be used: ${why.trim()}. Try again, or look at it with configure.`,
  )

/** `isUnchanged`: as was looked up afterwards. */
const brokenOff = (why: string, isUnchanged: boolean): never =>
  isUnchanged
    ? unusable(`${why}. service clawgress is as it was`)
    : fail(
        'config.conflict',
        `VyOS's commit broke off: ${why}. service clawgress is not as it was, and need not be as was wanted: look at it with show configuration commands, and at what is enforced with show clawgress status.`,
      )
