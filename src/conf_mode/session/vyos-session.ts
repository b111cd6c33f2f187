import { join } from 'node:path'
import { execa } from 'execa'
import { assetsRoot } from '../../base/assets.ts'
import { fail } from '../../base/errors.ts'
import type { ConfigDict } from '../../vyos/index.ts'
import type { ChangeResult, ConfigurationChange, ConfigurationSession } from './configuration-session.ts'

/** VyOS's interpreter, which knows the `vyos` module, whatever PATH says. */
const PYTHON = '/usr/bin/python3'
/** 500 entries take some minutes: VyOS starts programs for each of them. */
const TIME_LIMIT_MS = 1_800_000
const MAX_OUTPUT = 4 * 1024 * 1024
/** As configuration_session.py ends. */
const STATUS = { done: 0, refused: 1, unsaved: 3, outdated: 4 } as const

/** VyOS's configuration system, through its own Python module. `interpreter` stands in for VyOS's in tests. */
export function vyosSession(interpreter: readonly string[] = [PYTHON]): ConfigurationSession {
  const script = join(assetsRoot(), 'op-mode/scripts/configuration_session.py')
  const run = async (request: object): Promise<ChangeResult & { readonly answer: string }> => {
    const [file, ...options] = interpreter
    const {
      exitCode,
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
    if (timedOut) unusable(`it did not finish within ${TIME_LIMIT_MS / 1000} s`)
    // A Python traceback tells an operator nothing but its last line.
    if (failed && all.includes('Traceback (most recent call last)')) unusable(all.trimEnd().split('\n').at(-1)!)
    if (exitCode === STATUS.unsaved) return { ok: true, unsaved: true, said: all, answer }
    if (exitCode === STATUS.outdated) return { ok: false, outdated: true, said: all, answer }
    if (exitCode !== STATUS.done && exitCode !== STATUS.refused)
      unusable(`the interpreter ended with status ${exitCode ?? 'none'}`)
    return { ok: exitCode === STATUS.done, said: all, answer }
  }
  return {
    async running() {
      const { ok, said, answer } = await run({ action: 'read' })
      if (!ok) unusable(said)
      return (JSON.parse(answer) as ConfigDict | null) ?? undefined
    },
    change: (change: ConfigurationChange) => run({ action: 'change', ...change }),
  }
}

const unusable = (why: string): never =>
  fail(
    'system.unreachable',
    `VyOS's configuration session cannot be used: ${why.trim()}. Try again, or look at it with configure.`,
  )
