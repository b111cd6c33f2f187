import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockedPackage, type PinnedPackage } from './registry-packages.ts'

/** Debian's names of the machines that a package can be built for, on any machine: all of it is data. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const

export type Architecture = (typeof ARCHITECTURES)[number]

/** What differs from machine to machine. */
export interface MachineParts {
  readonly node: PinnedPackage
  /** Native module of koffi, and the folder inside its package that fits Debian's C library. */
  readonly koffi: PinnedPackage
  readonly koffiFolder: string
}

export function machineParts(architecture: Architecture): MachineParts {
  const machine = architecture === 'amd64' ? 'x64' : architecture
  const runtime = JSON.parse(readFileSync(join('build', 'node-runtime.json'), 'utf8')) as {
    version: string
    packages: Record<Architecture, { name: string; integrity: string }>
  }
  return {
    node: { version: runtime.version, ...runtime.packages[architecture] },
    koffi: lockedPackage(`@koromix/koffi-linux-${machine}`),
    koffiFolder: `linux_${machine}`,
  }
}
