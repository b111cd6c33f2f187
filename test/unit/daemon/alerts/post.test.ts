import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { post } from '../../../../src/daemon/alerts/post.ts'
import { tempFolder } from '../temp-folder.ts'
import { Receiver } from './receiver.ts'

describe('a message to a receiver that does not behave', () => {
  /** What becomes of a message, with 0.2 s to answer it. */
  const outcome = async (behave: (socket: Socket) => void): Promise<string> => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.once('data', () => behave(socket))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      const { status } = await post(url, '{}', { headers: {}, timeoutMs: 200 })
      return `it answered ${status}`
    } catch (error) {
      return (error as Error).message
    } finally {
      server.close()
    }
  }

  it('has failed, in words that say what was done', async () => {
    const nonsense: [RegExp, (socket: Socket) => void][] = [
      [/is not HTTP$/, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
      [/is not HTTP$/, (socket) => socket.end(Buffer.alloc(10_000, 0xff))],
      [/closed without an answer$/, (socket) => socket.end()],
      [/closed without an answer$/, (socket) => socket.resetAndDestroy()],
      [/closed without an answer$/, (socket) => socket.end('HTTP/1.1 200')],
      [/head of its answer is too large$/, (socket) => forever(socket, `x-a: ${'a'.repeat(60_000)}\r\n`)],
      [/no answer within 0\.2 s$/, (socket) => forever(socket, 'HTTP/1.1 102 Processing\r\n\r\n', 20)],
      [/no answer within 0\.2 s$/, (socket) => forever(socket, 'x', 20)],
    ]
    for (const [words, behave] of nonsense) assert.match(await outcome(behave), words, String(behave))
  })

  it('is taken by the head of the answer alone, whatever the answer would go on to be', async () => {
    const answer = (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9999999999999\r\n\r\nx')
    assert.equal(await outcome(answer), 'it answered 200')
    assert.equal(await outcome((socket) => socket.end('HTTP/1.1 204 \r\n\r\n\0\0garbage')), 'it answered 204')
  })
})

/** Writes the same again and again, at once or every so many milliseconds, until the other end has enough. */
function forever(socket: Socket, text: string, pause?: number): void {
  if (text.startsWith('x')) socket.write('HTTP/1.1 200 OK\r\n')
  const write = () => {
    if (!socket.destroyed)
      socket.write(text, () => (pause === undefined ? setImmediate(write) : setTimeout(write, pause)))
  }
  write()
}

describe('a webhook over TLS', () => {
  const folder = tempFolder()
  const pem = (name: string) => readFileSync(join(folder(), name), 'utf8')
  before(() => {
    for (const [name, subject] of [
      ['good', 'IP:127.0.0.1'],
      ['other', 'DNS:elsewhere.example'],
    ] as const)
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2'],
          ...['-subj', '/CN=receiver', '-addext', `subjectAltName=${subject}`],
          ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
        ],
        { cwd: folder(), stdio: 'ignore' },
      )
  })

  const outcome = async (served: string, trusted?: string): Promise<string> => {
    const receiver = await Receiver.open('127.0.0.1', { cert: pem(`${served}.pem`), key: pem(`${served}.key`) })
    try {
      const authorities = trusted === undefined ? undefined : pem(`${trusted}.pem`)
      const answered = await post(receiver.url, '{}', { headers: {}, authorities })
      return `${answered.status} ${receiver.received.length}`
    } catch (error) {
      assert.equal(receiver.received.length, 0)
      return (error as Error).message
    } finally {
      receiver.close()
    }
  }

  it('is trusted by the configured authority, and by no other', async () => {
    assert.equal(await outcome('good', 'good'), '200 1')
    assert.match(await outcome('good', 'other'), /not trusted/)
    assert.match(await outcome('good'), /not trusted/)
  })

  it('must speak TLS', async () => {
    const plain = await Receiver.open()
    try {
      await assert.rejects(post(plain.url.replace('http:', 'https:'), '{}', { headers: {} }), /is not TLS$/)
    } finally {
      plain.close()
    }
  })

  it('must have the name that it is called by', async () => {
    assert.match(await outcome('other', 'other'), /for another name/)
  })
})
