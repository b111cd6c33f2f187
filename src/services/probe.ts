import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import type { Probe, UnitDefinition } from './unit-definition.ts'

/** How long one attempt may take by itself, in milliseconds. */
const ATTEMPT_MS = 500

/**
 * One look whether a unit does its work, of at most `attemptMs` milliseconds. `aliveMs`: how long its process has been
 * there. Never throws.
 */
export function probe(readiness: Probe, aliveMs: number, attemptMs = ATTEMPT_MS): Promise<boolean> {
  switch (readiness.kind) {
    case 'dns':
      return answersDns(readiness.address, readiness.port, attemptMs)
    case 'socket':
      return acceptsConnections(readiness.path, attemptMs)
    case 'nflog':
      return Promise.resolve(hasNflogListener(readiness.group))
    case 'alive':
      return Promise.resolve(aliveMs >= readiness.milliseconds)
  }
}

/** So many failures in a row mean that a program which did its work does it no more. */
const ATTEMPTS = 3

/** Does a unit that was ready before still do its work? Takes at most 1.5 s. Never throws. */
export async function stillWorks({ readiness, health = [] }: UnitDefinition, aliveMs: number): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const answers = await Promise.all([readiness, ...health].map((each) => probe(each, aliveMs)))
    if (answers.every((answer) => answer)) return true
  }
  return false
}

/**
 * RFC 1035 section 4.1: a header with the query id, one question: `version.bind`, TXT, class CHAOS. With EDNS of version
 * 1, which RFC 6891 section 6.1.3 has refused (BADVERS) before anything else: named looks nothing up for it, writes
 * nothing down, and does not limit the rate as it does for CHAOS (`_bind` view, three answers a second).
 */
const QUESTION = Buffer.from(
  ['000001000001000000000001', '0776657273696f6e0462696e640000100003', '00002904d0000100000000'].join(''),
  'hex',
)

function answersDns(address: string, port: number, attemptMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    const id = Math.floor(Math.random() * 65536)
    const query = Buffer.from(QUESTION)
    query.writeUInt16BE(id, 0)
    const done = (ok: boolean) => {
      clearTimeout(timer)
      socket.removeAllListeners()
      socket.on('error', () => {})
      socket.close()
      resolve(ok)
    }
    const timer = setTimeout(() => done(false), attemptMs)
    socket.on('error', () => done(false))
    socket.on('message', (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === id && (answer[2]! & 0x80) !== 0) done(true)
    })
    // Connected, so that a closed port is known at once (ICMP port unreachable).
    socket.connect(port, address, () => socket.send(query))
  })
}

function acceptsConnections(path: string, attemptMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(path)
    const done = (ok: boolean) => {
      connection.destroy()
      resolve(ok)
    }
    connection.setTimeout(attemptMs, () => done(false))
    connection.on('connect', () => done(true))
    connection.on('error', () => done(false))
  })
}

/** /proc/net/netfilter/nfnetlink_log has one line a group that is listened to; its number comes first. */
function hasNflogListener(group: number): boolean {
  try {
    const lines = readFileSync('/proc/self/net/netfilter/nfnetlink_log', 'latin1').split('\n')
    return lines.some((line) => line.trim().split(/\s+/)[0] === String(group))
  } catch {
    return false
  }
}
