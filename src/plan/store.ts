import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatPrefix, type Prefix } from '../base/address.ts'
import { ClawgressError, fail } from '../base/errors.ts'
import type { NameTable } from '../policy/index.ts'
import { FlatNameIndex } from './name-index.ts'
import { readNames, writeNames } from './names-file.ts'
import { type StoredPlan, storedPlan } from './stored-plan.ts'
import type { Plan } from './types.ts'

const PLAN_FILE = 'plan.json'
const namesFile = (table: number) => `names-${table}.bin`

/**
 * Writes the Plan into a folder, which is made and must not hold one yet: plan.json, and one file for each table of
 * names. The caller renames the folder into place when all of a generation is there. System errors (ENOSPC) pass.
 */
export function writePlan(plan: Plan, dir: string): void {
  if (!(plan.names instanceof FlatNameIndex)) fail('internal.bug', 'Only a compiled Plan can be written.')
  mkdirSync(dir, { recursive: true })
  const tables = [...new Set(plan.names.groups.flat().map((list) => list.table))]
  tables.forEach((table, i) => {
    writeNames(table, join(dir, namesFile(i)))
  })
  const { names, ...rest } = plan
  const lists = names.groups.map((group) =>
    group.map(({ table, ...list }) => ({ ...list, table: tables.indexOf(table) })),
  )
  const text = JSON.stringify({ ...rest, tables: tables.length, names: lists }, (_key, value: unknown) => {
    return isPrefix(value) ? formatPrefix(value) : value
  })
  writeFileSync(join(dir, PLAN_FILE), text, { flag: 'wx' })
}

/** Reads what `writePlan` wrote. Throws ClawgressError `policy.file` where a file is missing, cut off or damaged. */
export function loadPlan(dir: string): Plan {
  const file = join(dir, PLAN_FILE)
  try {
    const { tables: count, names, ...rest } = readStored(file)
    const tables = Array.from({ length: count }, (_, i) => readNames(join(dir, namesFile(i))))
    const groups = names.map((lists) => lists.map((list) => ({ ...list, table: tableAt(tables, list.table, file) })))
    return { ...rest, names: new FlatNameIndex(groups) } as Plan
  } catch (error) {
    if (error instanceof ClawgressError) throw error
    return fail('policy.file', `The compiled policy cannot be read: ${(error as Error).message}.`, { file: dir })
  }
}

function readStored(file: string): StoredPlan {
  const text = readFileSync(file, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    fail('policy.file', 'The compiled policy is cut off or damaged. Commit again to write it anew.', { file })
  }
  const checked = storedPlan.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]!
  const what = `${issue.path.join('.')}: ${issue.message}`
  return fail(
    'policy.file',
    `The compiled policy is not one of this version (${what}). Commit again to write it anew.`,
    { file },
  )
}

const tableAt = (tables: readonly NameTable[], index: number, file: string): NameTable =>
  tables[index] ?? fail('policy.file', 'The compiled policy names a table that does not exist.', { file })

function isPrefix(value: unknown): value is Prefix {
  return typeof value === 'object' && value !== null && 'bytes' in value && 'length' in value && 'family' in value
}
