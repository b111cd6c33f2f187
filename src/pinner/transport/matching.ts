import { randomBytes } from 'node:crypto'
import { CLASS_IN, type decodeHead, nameKey, type Question } from '../../dns/message/index.ts'

const POOL_BYTES = 512
let pool: Buffer = Buffer.alloc(0)
let used = 0

/** An unpredictable message id (RFC 5452, 9.2). */
export function randomId(): number {
  if (used >= pool.length) {
    pool = randomBytes(POOL_BYTES)
    used = 0
  }
  const id = pool.readUInt16BE(used)
  used += 2
  return id
}

/** Is this the answer to that question? Id and source are the caller's to check (RFC 5452, 9.1). */
export function answers(head: ReturnType<typeof decodeHead>, question: Pick<Question, 'name' | 'type'>): boolean {
  const [echoed] = head.questions
  return (
    head.response &&
    head.opcode === 0 &&
    head.questions.length === 1 &&
    echoed!.type === question.type &&
    echoed!.class === CLASS_IN &&
    nameKey(echoed!.name) === nameKey(question.name)
  )
}
