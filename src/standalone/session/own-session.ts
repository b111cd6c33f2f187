import { isDeepStrictEqual } from 'node:util'
import type { Layout } from '../../base/layout.ts'
import { ownCommand } from '../../base/own-command.ts'
import type { ConfigurationSession } from '../../conf_mode/session/configuration-session.ts'
import { type ConfigTree, configDict, type Definitions } from '../../vyos/index.ts'
import { CommandRefused } from './config-session.ts'
import { Shell } from './shell.ts'

const BASE = ['service', 'clawgress']

/** The node is no longer as the change expected it. */
class Outdated extends Error {}

const nodeIn = (tree: ConfigTree, definitions: Definitions) =>
  configDict(tree, definitions, BASE, { withDefaults: false })

/** Our own configuration system, for a program: the same commands that an operator types. */
export function ownSession(layout: Layout): ConfigurationSession {
  return {
    async running() {
      const { store, definitions } = new Shell({ layout, program: ownCommand(), write: () => {} })
      return nodeIn(store.active(), definitions)
    },
    async change({ remove, set, remarks = [], comment, save, expected }) {
      const parts: string[] = []
      const shell = new Shell({ layout, program: ownCommand(), write: (text) => parts.push(text) })
      const result = (ok: boolean) => ({ ok, said: parts.join('') })
      if (!(await shell.execute('configure'))) return result(false)
      const session = shell.session!
      const admit = (active: ConfigTree) => {
        if (expected !== undefined && !isDeepStrictEqual(nodeIn(active, shell.definitions), expected))
          throw new Outdated()
      }
      try {
        for (const words of remove) session.delete([...BASE, ...words])
        for (const words of set) session.set([...BASE, ...words])
        for (const { path, text } of remarks) session.comment([...BASE, ...path], text)
        const isSavedOnly = remove.length + set.length + remarks.length === 0
        if (!isSavedOnly && !(await session.commit({ comment, via: 'clawgress', admit }))) return result(false)
      } catch (error) {
        if (error instanceof Outdated) return { ...result(false), outdated: true }
        if (!(error instanceof CommandRefused)) throw error
        parts.push(`${error.message}\n`)
        return result(false)
      }
      const isUnsaved = save && !(await shell.execute('save'))
      return isUnsaved ? { ...result(true), unsaved: true } : result(true)
    },
  }
}
