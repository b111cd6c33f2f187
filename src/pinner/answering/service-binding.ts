import { nameKey, type ResourceRecord, SVC_PARAM, type SvcParam } from '../../dns/message/index.ts'

/** SVCB and HTTPS records made safe to hand on, and the addresses they now tell, which must be pinned before. */
export interface SafeBindings {
  readonly records: readonly ResourceRecord[]
  readonly addresses: readonly Uint8Array[]
}

/**
 * Hints tell addresses beside A and AAAA (RFC 9460, 7.3): those that may be pinned stay, where they belong to the asked
 * name; the others go. `ech` goes always: it would hide from later layers which name is meant. A record that says it is
 * useless without what went is left out (RFC 9460, 8).
 */
export function safeBindings(
  records: readonly ResourceRecord[],
  asked: string,
  pinnable: (address: Uint8Array) => boolean,
): SafeBindings {
  const kept: ResourceRecord[] = []
  const addresses: Uint8Array[] = []
  for (const record of records) {
    if (record.data.kind !== 'svcb') continue
    const { priority, target, params } = record.data
    const own = target === '.' || nameKey(target) === nameKey(asked)
    const safe = safeParams(params, priority === 0 || !own ? () => false : pinnable)
    if (!mandatoryKept(params, safe.params)) continue
    kept.push({ ...record, data: { kind: 'svcb', priority, target, params: safe.params } })
    addresses.push(...safe.addresses)
  }
  return { records: kept, addresses }
}

function safeParams(params: readonly SvcParam[], pinnable: (address: Uint8Array) => boolean) {
  const kept: SvcParam[] = []
  const addresses: Uint8Array[] = []
  for (const param of params) {
    if (param.key === SVC_PARAM.ech) continue
    if (param.key !== SVC_PARAM.ipv4hint && param.key !== SVC_PARAM.ipv6hint) {
      kept.push(param)
      continue
    }
    const good = split(param.value, param.key === SVC_PARAM.ipv4hint ? 4 : 16).filter(pinnable)
    if (good.length === 0) continue
    kept.push({ key: param.key, value: new Uint8Array(Buffer.concat(good)) })
    addresses.push(...good)
  }
  return { params: kept, addresses }
}

/** No addresses where the value is not a whole number of them. */
function split(value: Uint8Array, size: number): Uint8Array[] {
  if (value.length % size !== 0) return []
  return Array.from({ length: value.length / size }, (_, i) => value.slice(i * size, (i + 1) * size))
}

function mandatoryKept(before: readonly SvcParam[], after: readonly SvcParam[]): boolean {
  const mandatory = before.find((param) => param.key === SVC_PARAM.mandatory)?.value
  if (mandatory === undefined) return true
  const keys = new Set(after.map((param) => param.key))
  for (let i = 0; i + 1 < mandatory.length; i += 2)
    if (!keys.has((mandatory[i]! << 8) | mandatory[i + 1]!)) return false
  return true
}
