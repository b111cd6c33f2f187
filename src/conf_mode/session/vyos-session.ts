import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { execa } from 'execa'
import { assetsRoot } from '../../base/assets.ts'
import { fail } from '../../base/errors.ts'
import type { ConfigDict } from '../../vyos/index.ts'
import { type ConfigurationChange, type ConfigurationSession, UnsettledCommit } from './configuration-session.ts'

/** VyOS's interpreter, which knows the `vyos` module, whatever PATH says. */
const PYTHON = '/usr/bin/python3'
/** 500 entries take some minutes: VyOS starts programs for each of them. */
const TIME_LIMIT_MS = 1_800_000
/** Beyond it, for the program to look up what it left, and to say so. */
const LOOK_UP_MS = 60_000
const MAX_OUTPUT = 4 * 1024 * 1024
/** As configuration_session.py ends. */
const STATUS = { done: 0, refused: 1, unsaved: 3, outdated: 4, unfit: 5, torn: 6, underway: 7 } as const

interface Answer {
  readonly status: number | undefined
  /** Standard output alone. */
  readonly answer: string
  readonly said: string
  /** Why the program did not come to an end of its own. */
  readonly broken?: string
}

/**
 * VyOS's configuration system, through its own Python module.
 * @param interpreter stands in for VyOS's in tests
 * @param timeLimitMs how long a commit may take, milliseconds
 */
export function vyosSession(
  interpreter: readonly string[] = [PYTHON],
  timeLimitMs: number = TIME_LIMIT_MS,
): ConfigurationSession {
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
      input: JSON.stringify({ ...request, patience: timeLimitMs / 1000 }),
      all: true,
      reject: false,
      timeout: timeLimitMs + LOOK_UP_MS,
      maxBuffer: MAX_OUTPUT,
      // A commit that is cut off leaves its session folder behind: out of reach of Ctrl-C, and of a terminal that closes.
      detached: true,
    })
    const because = (broken: string) => ({ status, answer, said: all, broken })
    if (timedOut) return because(`it did not finish within ${(timeLimitMs + LOOK_UP_MS) / 1000} s`)
    // A Python traceback tells an operator nothing but its last line.
    if (failed && all.includes('Traceback (most recent call last)')) return because(all.trimEnd().split('\n').at(-1)!)
    if (!Object.values<number | undefined>(STATUS).includes(status))
      return because(`the interpreter ended with status ${status ?? 'none'}`)
    return { status, answer, said: all }
  }
  const running = async () => {
    const { status, said, answer, broken } = await run({ action: 'read' })
    if (broken !== undefined || status !== STATUS.done) unusable(broken ?? said)
    return nodeIn(answer)
  }
  /** What a commit left whose program did not come to its end; VyOS's commit goes on without it. */
  const lookUp = async (why: string, before: ConfigDict | undefined): Promise<never> => {
    const { status, said, answer, broken } = await run({ action: 'settle' })
    if (status === STATUS.underway) return underWay(why, timeLimitMs)
    if (broken !== undefined || status !== STATUS.done)
      return unsettled(`VyOS's commit broke off: ${why}. What it left cannot be read: ${broken ?? said}`)
    if (isDeepStrictEqual(nodeIn(answer), before)) return unusable(`${why}. service clawgress is as it was`)
    return torn(why)
  }
  return {
    running,
    async change(change: ConfigurationChange) {
      const before = change.expected ?? (await running())
      const { status, said, answer, broken } = await run({ action: 'change', ...change })
      if (broken !== undefined) return lookUp(broken, before)
      if (status === STATUS.underway) return underWay(answer.trim(), timeLimitMs)
      if (status === STATUS.unfit) return unusable(`${answer.trim().replaceAll('\n', ' ')}. Nothing was changed`)
      if (status === STATUS.torn) return torn(answer.trim())
      if (status === STATUS.unsaved) return { ok: true, unsaved: true, said }
      if (status === STATUS.outdated) return { ok: false, outdated: true, said }
      return { ok: status === STATUS.done, said }
    },
  }
}

const nodeIn = (answer: string) => (JSON.parse(answer) as ConfigDict | null) ?? undefined

const unusable = (why: string): never =>
  fail(
    'system.unreachable',
    `VyOS's configuration session cannot be used: ${why.trim()}. Try again, or look at it with configure.`,
  )

const unsettled = (what: string): never => {
  const advice = 'Look at it with show configuration commands, and at what is enforced with show clawgress status'
  throw new UnsettledCommit({ code: 'config.conflict', message: `${inOneLine(what)}. ${advice}.` })
}

const torn = (why: string): never =>
  unsettled(
    `VyOS's commit broke off: ${inOneLine(why)}. service clawgress is not as it was, and need not be as was wanted`,
  )

const underWay = (why: string, timeLimitMs: number): never =>
  unsettled(
    `VyOS's commit broke off: ${inOneLine(why)}. A commit is under way still, after ${Math.round(timeLimitMs / 1000)} s, so whether service clawgress changes is not known yet: wait for its end before anything else is changed`,
  )

const inOneLine = (text: string): string =>
  text
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '')
