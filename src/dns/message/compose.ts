import { CLASS_IN, type Edns, type Message, type Question, RCODE } from './types.ts'

/** A recursive query with one question. */
export function queryMessage(id: number, question: Omit<Question, 'class'>, edns?: Edns): Message {
  return {
    id,
    response: false,
    opcode: 0,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: RCODE.NOERROR,
    questions: [{ ...question, class: CLASS_IN }],
    answers: [],
    authorities: [],
    additionals: [],
    ...(edns === undefined ? {} : { edns }),
  }
}

/** A response to `query` with its question and the sections given; EDNS only where the query had it. */
export function responseTo(
  query: Message,
  rcode: number,
  sections: Partial<Pick<Message, 'answers' | 'authorities' | 'additionals'>> = {},
  udpSize = 4096,
): Message {
  return {
    id: query.id,
    response: true,
    opcode: query.opcode,
    authoritative: false,
    truncated: false,
    recursionDesired: query.recursionDesired,
    recursionAvailable: true,
    authenticData: false,
    checkingDisabled: false,
    rcode,
    questions: query.questions,
    answers: sections.answers ?? [],
    authorities: sections.authorities ?? [],
    additionals: sections.additionals ?? [],
    ...(query.edns === undefined ? {} : { edns: { udpSize, version: 0, dnssecOk: query.edns.dnssecOk, options: [] } }),
  }
}
