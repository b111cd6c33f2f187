import type { Command } from 'commander'

/** Registers `clawgress op …`, which the operational commands of VyOS run. */
export function register(_program: Command): void {}
