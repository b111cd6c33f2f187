import { execFileSync } from 'node:child_process'
import type { Plan } from '../../../../src/plan/types.ts'

/** Is the address in the pin set of any class of the default group? */
export function isPinned(plan: Plan, address: string, kind: 'pin' | 'held' = 'pin'): boolean {
  const family = address.includes(':') ? 6 : 4
  return plan.classes.some(({ key }) => {
    try {
      const set = `${kind}${family}_default_${key}`
      execFileSync('nft', ['get', 'element', 'inet', 'clawgress', set, '{', address, '}'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}

/** Whole seconds that the kernel keeps the address in such a set of the default group; 0 where it is in none. */
export function expiry(plan: Plan, address: string, kind: 'pin' | 'held' = 'pin'): number {
  const family = address.includes(':') ? 6 : 4
  for (const { key } of plan.classes) {
    try {
      const set = `${kind}${family}_default_${key}`
      const words = ['get', 'element', 'inet', 'clawgress', set, '{', address, '}']
      const text = execFileSync('nft', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      const [, hours, minutes, seconds] = /expires (?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?/.exec(text) ?? []
      return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)
    } catch {
      // Not in the set of this class.
    }
  }
  return 0
}
