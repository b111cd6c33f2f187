import { writeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { isatty } from 'node:tty'
import { type Checkpoint, onCheckpoint } from '../conf_mode/checkpoint.ts'

/** Before so many milliseconds nobody has begun to wonder. */
const QUIET_MS = 2_000

/** What comes after each place; where it is soon over, nothing. */
const NEXT: Partial<Record<Checkpoint, string>> = {
  generated: 'The policy is compiled; bind9 and nftables check what was made of it',
  checked: 'It is checked; the pinner reads it',
  staged: 'The pinner has read it; the kernel loads the rules',
  activated: 'The kernel enforces it; bind9 loads the zones',
  zones: 'bind9 has the zones; what it remembers of removed names is dropped',
  flushed: 'Everything is in place; it is proven',
}

/**
 * Tells on a terminal how far a commit of this process is, a line for each stage, once it has taken two seconds. `terminal`
 * is a file descriptor; what is no terminal hears nothing.
 */
export function showProgress(terminal: number, isTerminal: (fd: number) => boolean = isatty): void {
  if (!isTerminal(terminal)) return
  const began = performance.now()
  onCheckpoint((name) => {
    const next = NEXT[name]
    const took = performance.now() - began
    if (next === undefined || took < QUIET_MS) return
    try {
      writeSync(terminal, `[${(took / 1_000).toFixed(1)} s] ${next} ...\n`)
    } catch {
      // A terminal that is gone stops no commit.
    }
  })
}
