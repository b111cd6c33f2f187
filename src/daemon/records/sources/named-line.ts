import { canonicalAddress, loggedName, type RawDenial } from './raw-denial.ts'

/** BIND 9.18 `rpz_log_rewrite` (bin/named, lib/ns/query.c); names in it are escaped and hold no space. */
const REWRITE =
  /client @0x[0-9a-f]+ ([0-9a-fA-F:.%]+)#(\d+) \(\S+\): (?:view (\S+): )?(disabled )?rpz (?:QNAME|IP|CLIENT-IP|NSDNAME|NSIP) (\S+) rewrite (\S+) via \S+/

/**
 * Reads one line of named's log category `rpz`. Undefined for anything that is no denial of a client's question:
 * passed names, and the gateway's own probes (from loopback).
 */
export function parseNamedLine(line: string, now: number): RawDenial | undefined {
  const match = REWRITE.exec(line)
  if (match === null || match[5] === 'PASSTHRU') return undefined
  const client = canonicalAddress(match[1])
  const question = splitQuestion(match[6]!)
  if (client === undefined || question === undefined || isLoopback(client)) return undefined
  return {
    source: 'named',
    time: parseTime(line) ?? now,
    client,
    clientPort: Number(match[2]),
    name: question.name,
    queryType: question.type,
  }
}

/** `NAME/TYPE/CLASS`; a name may hold slashes itself. */
function splitQuestion(text: string): { name: string; type: string } | undefined {
  const beforeClass = text.lastIndexOf('/')
  const beforeType = text.lastIndexOf('/', beforeClass - 1)
  const name = beforeType < 1 ? undefined : loggedName(text.slice(0, beforeType))
  const type = text.slice(beforeType + 1, beforeClass)
  return name === undefined || !/^[A-Z0-9-]{1,16}$/.test(type) ? undefined : { name, type }
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `print-time yes` (local time) and `print-time iso8601` or `iso8601-utc` (BIND 9.18 ARM, logging). */
function parseTime(line: string): number | undefined {
  const local = /^(\d{2})-([A-Z][a-z]{2})-(\d{4}) (\d{2}):(\d{2}):(\d{2})\.(\d{3}) /.exec(line)
  if (local !== null) {
    const [day, month, year, hour, minute, second, ms] = local.slice(1)
    const index = MONTHS.indexOf(month!)
    if (index < 0) return undefined
    return new Date(+year!, index, +day!, +hour!, +minute!, +second!, +ms!).getTime()
  }
  const iso = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z?(?= )/.exec(line)
  const time = iso === null ? Number.NaN : Date.parse(iso[0])
  return Number.isNaN(time) ? undefined : time
}
