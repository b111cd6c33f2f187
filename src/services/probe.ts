import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import type { Probe } from './unit-definition.ts'

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

/** RFC 1035 section 4.1: a header with the query id, one question: `version.bind`, TXT, class CHAOS. */
const QUESTION = Buffer.from('00000100000100000000000007'.concat('76657273696f6e0462696e640000100003'), 'hex')

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
