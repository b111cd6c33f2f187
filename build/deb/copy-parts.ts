import { chmodSync, cpSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Copies the named files and folders of a folder, readable by all and run by nobody, whatever the umask of a checkout was. */
export function copyParts(from: string, to: string, parts: readonly string[]): void {
  for (const part of parts) {
    cpSync(join(from, part), join(to, part), { recursive: true })
    for (const file of filesBelow(join(to, part))) chmodSync(file, 0o644)
  }
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)))
}
