import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fail } from '../../base/errors.ts'
import { compilePlan } from '../../plan/index.ts'
import type { Plan, PlanSettings } from '../../plan/types.ts'
import { parsePolicy } from '../../policy/index.ts'

/** Reads a file that an operator named. Throws `policy.file` with a sentence. */
export function readPolicyFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code ?? error})`
    return fail('policy.file', `The policy file ${why}.`, { file: path })
  }
}

/** Settings under which a policy is tried without a gateway: no router, every client served. */
const OFFLINE: PlanSettings = {
  clientInterfaces: [],
  clientNetworks: [],
  listenAddresses: [],
  nameServers: [],
  denyAnswer: 'nxdomain',
  cacheSizeMiB: 64,
  maxTtl: 3600,
  pinSlack: 300,
  denyAction: 'reject',
  keepEstablished: false,
  markMask: 0xfff00000,
  ownPrefixes: [],
  syslogFacility: 'local6',
}

/** The Plan that a policy file gives by itself. Throws every problem of the file. */
export const planOfFile = (path: string): Plan =>
  compilePlan(parsePolicy(readPolicyFile(path), basename(path)).policy, OFFLINE, { policyFile: path })
