import type { Shell } from './shell.ts'
export async function runTerminal(_shell: Shell): Promise<void> {}
