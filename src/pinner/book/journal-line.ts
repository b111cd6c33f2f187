import type { Binding } from './binding.ts'
import type { Book } from './book.ts'

/**
 * One line of the journal. `b`: the binding as it is now, the addresses listed brought up to date. `d`: the binding is
 * gone. `a`: the binding no longer leads to the addresses. Addresses are hexadecimal, times monotonic milliseconds.
 */
export function bindingLine(binding: Binding, addresses: Iterable<string> = binding.addresses.keys()): string {
  const listed: [string, number, number][] = []
  for (const key of addresses) {
    const times = binding.addresses.get(key)
    if (times !== undefined) listed.push([hex(key), times.pinUntil, times.heldUntil])
  }
  const { group, name, type, targets, classKeys, partial } = binding
  return `${JSON.stringify(['b', group, name, type, targets, classKeys, partial ? 1 : 0, listed])}\n`
}

export const dropLine = ({ group, name, type }: Binding): string => `${JSON.stringify(['d', group, name, type])}\n`

export const detachLine = ({ group, name, type }: Binding, addresses: readonly string[]): string =>
  `${JSON.stringify(['a', group, name, type, addresses.map(hex)])}\n`

const hex = (key: string) => Buffer.from(key, 'latin1').toString('hex')

/** Carries the line out on the book. False where it is none of ours. */
export function applyLine(book: Book, line: string): boolean {
  let fields: unknown
  try {
    fields = JSON.parse(line)
  } catch {
    return false
  }
  if (!Array.isArray(fields)) return false
  const [kind, group, name, type, ...rest] = fields as unknown[]
  if (typeof group !== 'string' || typeof name !== 'string' || typeof type !== 'number') return false
  if (kind === 'b') return applyBinding(book, { group, name, type }, rest)
  const binding = book.binding(group, name, type)
  if (kind === 'd') {
    if (binding !== undefined) book.drop(binding)
    return true
  }
  if (kind !== 'a' || !isTexts(rest[0])) return false
  for (const address of rest[0]) if (binding !== undefined) book.detach(binding, fromHex(address))
  return true
}

function applyBinding(book: Book, key: Pick<Binding, 'group' | 'name' | 'type'>, rest: readonly unknown[]): boolean {
  const [targets, classKeys, partial, addresses] = rest
  if (!isTexts(targets) || !isTexts(classKeys) || !Array.isArray(addresses)) return false
  const binding = book.upsert({ ...key, targets, classKeys, partial: partial === 1 })
  for (const listed of addresses as unknown[]) {
    if (!Array.isArray(listed)) return false
    const [address, pinUntil, heldUntil] = listed as unknown[]
    if (typeof address !== 'string' || typeof pinUntil !== 'number' || typeof heldUntil !== 'number') return false
    if (!/^([0-9a-f]{8}|[0-9a-f]{32})$/.test(address)) return false
    book.attach(binding, fromHex(address), { pinUntil, heldUntil })
  }
  return true
}

const fromHex = (text: string) => Buffer.from(text, 'hex').toString('latin1')

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
