import type { Layout } from '../../base/layout.ts'
import { ownCommand } from '../../base/own-command.ts'
import type { ConfigurationSession } from '../../conf_mode/configuration-session.ts'
import { configDict } from '../../vyos/index.ts'
import { CommandRefused } from './config-session.ts'
import { Shell } from './shell.ts'

const BASE = ['service', 'clawgress']

/** Our own configuration system, for a program: the same commands that an operator types. */
export function ownSession(layout: Layout): ConfigurationSession {
  return {
    async running() {
      const { store, definitions } = new Shell({ layout, program: ownCommand(), write: () => {} })
      return configDict(store.active(), definitions, BASE, { withDefaults: false })
    },
    async change({ remove, set, comment, save }) {
      const parts: string[] = []
      const shell = new Shell({ layout, program: ownCommand(), write: (text) => parts.push(text) })
      const result = (ok: boolean) => ({ ok, said: parts.join('') })
      if (!(await shell.execute('configure'))) return result(false)
      const session = shell.session!
      try {
        for (const words of remove) session.delete([...BASE, ...words])
        for (const words of set) session.set([...BASE, ...words])
        if (!(await session.commit({ comment, via: 'clawgress' }))) return result(false)
      } catch (error) {
        if (!(error instanceof CommandRefused)) throw error
        parts.push(`${error.message}\n`)
        return result(false)
      }
      const isUnsaved = save && !(await shell.execute('save'))
      return isUnsaved ? { ...result(true), unsaved: true } : result(true)
    },
  }
}
