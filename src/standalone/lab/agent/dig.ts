export interface DnsRecord {
  readonly name: string
  readonly ttl: number
  readonly type: string
  readonly data: string
}

export interface DnsAnswer {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED`, …; `TIMEOUT` where nothing came. */
  readonly status: string
  readonly flags: readonly string[]
  readonly answers: readonly DnsRecord[]
  /** Data of the A and AAAA records, sorted. */
  readonly addresses: readonly string[]
  readonly ms: number
}

/** Reads what dig prints in its ordinary form (dig(1)). */
export function readDig(text: string): DnsAnswer {
  const status = /^;; ->>HEADER<<- .*status: (\w+),/m.exec(text)?.[1] ?? 'TIMEOUT'
  const flags = /^;; flags: ([^;]*);/m.exec(text)?.[1]?.trim().split(/\s+/) ?? []
  const section = /^;; ANSWER SECTION:\n((?:[^;\n].*\n)*)/m.exec(text)?.[1] ?? ''
  const answers = section
    .split('\n')
    .map((line) => /^(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ name: match[1]!, ttl: Number(match[2]), type: match[3]!, data: match[4]! }))
  return {
    status,
    flags,
    answers,
    addresses: answers
      .filter(({ type }) => type === 'A' || type === 'AAAA')
      .map(({ data }) => data)
      .sort(),
    ms: Number(/^;; Query time: (\d+) msec/m.exec(text)?.[1] ?? 0),
  }
}
