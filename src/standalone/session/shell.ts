import { hostname, userInfo } from 'node:os'
import { ClawgressError, formatProblem } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { savedClientInterfaces } from '../../conf_mode/session/saved-configuration.ts'
import {
  type CommandLine,
  ConfigTree,
  type Definitions,
  formatShow,
  loadDefinitions,
  loadOpDefinitions,
  mergeOpDefinitions,
  type OpDefinition,
  printJson,
  printSetCommands,
  splitLine,
} from '../../vyos/index.ts'
import { runConfigCommand } from './config-commands.ts'
import { CommandRefused, ConfigSession } from './config-session.ts'
import { ConfigStore } from './config-store.ts'
import { BUILT_IN, BUILT_IN_DEFINITIONS, type BuiltIn, matchOp, runOp, runProgram } from './op-commands.ts'
import { applyPipe } from './pipes.ts'
import { UnconfirmedCommit } from './unconfirmed-commit.ts'

/** The section whose owner denies the clients named in it everything where it cannot do what the rest says. */
const BASE = ['service', 'clawgress']
/** No handler may hold up a commit for longer. */
const OWNER_TIME_LIMIT_MS = 600_000

export interface ShellOptions {
  readonly layout: Layout
  /** Our own executable with its arguments: called for owners and op commands. */
  readonly program: readonly string[]
  readonly write: (text: string) => void
  readonly definitions?: Definitions
  readonly opDefinitions?: readonly OpDefinition[]
  readonly ownerTimeLimitMs?: number
}

/** The two modes of the command line, without a terminal: lines in, text out. */
export class Shell {
  readonly definitions: Definitions
  readonly opDefinitions: readonly OpDefinition[]
  readonly store: ConfigStore
  readonly #unconfirmed: UnconfirmedCommit
  readonly #options: ShellOptions
  readonly #identity: string
  readonly #user: string
  #write: (text: string) => void
  #session: ConfigSession | undefined
  #ended = false

  /** @throws ClawgressError definition.invalid */
  constructor(options: ShellOptions) {
    this.#options = options
    this.#write = options.write
    this.definitions = options.definitions ?? loadDefinitions()
    this.opDefinitions = mergeOpDefinitions([
      ...BUILT_IN_DEFINITIONS,
      ...(options.opDefinitions ?? loadOpDefinitions()),
    ])
    this.store = new ConfigStore(options.layout, this.definitions)
    this.#unconfirmed = new UnconfirmedCommit(options.layout, options.program)
    this.#user = userInfo().username
    this.#identity = `${this.#user}@${hostname()}`
  }

  /** Present in configuration mode. */
  get session(): ConfigSession | undefined {
    return this.#session
  }

  get ended(): boolean {
    return this.#ended
  }

  get layout(): Layout {
    return this.#options.layout
  }

  /** Lines before the prompt, and the prompt itself. */
  prompt(): { readonly heading: string; readonly text: string } {
    if (this.#session === undefined) return { heading: '', text: `${this.#identity}:~$ ` }
    return { heading: `[${['edit', ...this.#session.level].join(' ')}]\n`, text: `${this.#identity}# ` }
  }

  /** Runs the commands of one line until one fails. */
  async execute(line: string): Promise<boolean> {
    const split = splitLine(line)
    if (!split.ok) {
      this.#write(`\n  ${split.message}\n\n`)
      return false
    }
    for (const command of split.commands) {
      if (this.#ended) return true
      if (!(await this.#runPiped(command))) return false
    }
    return true
  }

  /**
   * Makes the saved configuration the running one, as at boot: every owner is called. One that a newer version saved is
   * for the owner to refuse, which then denies its clients everything; so does it for the clients that are all that is
   * taken from a damaged one.
   */
  async boot(): Promise<boolean> {
    this.#unconfirmed.clear()
    const { saved, isDamaged } = this.#savedOrItsClients()
    if (saved === undefined) return !isDamaged
    this.store.writeActive(this.store.active().withRoot({ values: [], children: new Map(), tag: false }))
    const session = this.#newSession()
    session.replace(saved)
    if (!session.isChanged) return !isDamaged
    return (await session.commit({ comment: 'boot', via: 'boot-config-loader', booting: true })) && !isDamaged
  }

  /** The saved configuration; of a damaged one, which it tells, the client interfaces as far as they can be made out. */
  #savedOrItsClients(): { readonly saved: ConfigTree | undefined; readonly isDamaged: boolean } {
    try {
      return { saved: this.store.saved(), isDamaged: false }
    } catch (error) {
      this.#tellProblems(error)
      const values = savedClientInterfaces(this.layout)
      if (values.length === 0) return { saved: undefined, isDamaged: true }
      const interfaces = { values, children: new Map(), tag: false }
      return { saved: ConfigTree.empty.replace([...BASE, 'client', 'interface'], interfaces), isDamaged: true }
    }
  }

  /** When the commit that waits for `confirm` is to be taken back; undefined where none waits. */
  get confirmBy(): Date | undefined {
    const pending = this.#unconfirmed.read()
    return pending === undefined ? undefined : new Date(pending.deadline)
  }

  /**
   * Takes a commit back whose time for `confirm` is over: by the clock, or that of `over`, whatever the clock says.
   * @returns false where that failed and is to be tried again
   */
  async revertUnconfirmed(over?: Date): Promise<boolean> {
    const pending = this.#unconfirmed.read()
    if (pending === undefined) return true
    const deadline = Date.parse(pending.deadline)
    if (deadline > Date.now() && deadline !== over?.getTime()) return true
    this.#write('[commit-confirm] Reverting to previous config now\n')
    const session = this.#newSession()
    session.replace(pending.previous)
    const settle = () => this.#unconfirmed.clear()
    if (!session.isChanged) {
      settle()
      return true
    }
    const admit = () => {
      if (this.#unconfirmed.read() === undefined) throw new CommandRefused('It was confirmed in the last moment')
    }
    try {
      return await session.commit({ comment: 'not confirmed in time', via: 'commit-confirm', admit, settle })
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error
      this.#write(`${error.message}\n`)
      return false
    }
  }

  async #runPiped({ words, pipes }: CommandLine): Promise<boolean> {
    if (pipes.length === 0) return this.#run(words, false)
    const parts: string[] = []
    const write = this.#write
    this.#write = (text) => parts.push(text)
    let ok: boolean
    try {
      ok = await this.#run(words, true)
    } finally {
      this.#write = write
    }
    const mode = this.#session === undefined ? 'operational' : this.#session.isChanged ? 'changed' : 'unchanged'
    let output: string | undefined = parts.join('')
    for (const pipe of pipes) {
      output = applyPipe(output, pipe, mode)
      if (output === undefined) {
        write(`\n  Invalid command: | ${pipe.join(' ')}\n\n`)
        return false
      }
    }
    write(output)
    return ok
  }

  #run(words: readonly string[], capture: boolean): Promise<boolean> {
    const session = this.#session
    if (session === undefined) return this.#runOp(words, capture)
    return runConfigCommand(words, {
      session,
      store: this.store,
      write: this.#write,
      runOp: (rest) => this.#runOp(rest, capture),
      leave: () => {
        this.#session = undefined
      },
    })
  }

  async #runOp(words: readonly string[], capture: boolean): Promise<boolean> {
    const { program } = this.#options
    if (words[0] === 'clawgress') return this.#finish(await runProgram([...program, ...words.slice(1)], capture))
    const match = matchOp(this.opDefinitions, words)
    if (!match.ok) {
      this.#write(`\n${match.message.replace(/^/gm, '  ')}\n\n`)
      return false
    }
    if ((BUILT_IN as readonly string[]).includes(match.command)) return this.#builtIn(match.command as BuiltIn)
    return this.#finish(await runOp(match.command, match.words, { program, capture }))
  }

  #finish({ ok, output }: { ok: boolean; output: string }): boolean {
    if (output !== '') this.#write(output)
    return ok
  }

  async #builtIn(command: BuiltIn): Promise<boolean> {
    try {
      return await this.#runBuiltIn(command)
    } catch (error) {
      this.#tellProblems(error)
      return false
    }
  }

  /** Throws again what is no refusal of ours. */
  #tellProblems(error: unknown): void {
    if (!(error instanceof ClawgressError)) throw error
    this.#write(`${error.problems.map(formatProblem).join('\n')}\n`)
  }

  async #runBuiltIn(command: BuiltIn): Promise<boolean> {
    switch (command) {
      case 'configure':
        if (this.#session !== undefined) {
          this.#write('Already in configuration mode\n')
          return false
        }
        // whoever was to watch the time may have been ended
        await this.revertUnconfirmed()
        this.#session = this.#newSession()
        return true
      case 'exit':
        this.#ended = true
        return true
      case 'show-configuration':
        this.#write(plainShow(this.store.active()))
        return true
      case 'show-commands':
        this.#write(
          printSetCommands(this.store.active())
            .map((line) => `${line}\n`)
            .join(''),
        )
        return true
      case 'show-json':
      case 'show-json-pretty': {
        const pretty = command === 'show-json-pretty'
        this.#write(`${printJson(this.store.active(), { pretty, definitions: this.definitions })}\n`)
        return true
      }
    }
  }

  #newSession(): ConfigSession {
    const { layout, program, ownerTimeLimitMs = OWNER_TIME_LIMIT_MS } = this.#options
    return new ConfigSession({
      layout,
      definitions: this.definitions,
      store: this.store,
      unconfirmed: this.#unconfirmed,
      caller: { program, timeLimitMs: ownerTimeLimitMs },
      user: this.#user,
      write: (text) => this.#write(text),
    })
  }
}

/** The running configuration without the column of changes that configuration mode shows. */
const plainShow = (tree: ConfigTree): string =>
  (formatShow(tree, tree) ?? ' Configuration under specified path is empty\n').replace(/^[ ]/gm, '')
