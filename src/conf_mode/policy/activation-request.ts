import type { Socket } from 'node:net'
import { fail, formatProblem } from '../../base/errors.ts'
import type { Layout } from '../../base/layout.ts'
import { MAX_POLICY_BYTES } from '../../policy/index.ts'
import {
  type ActivationReply,
  type ActivationRequest,
  type ActivationResult,
  readActivationRequest,
} from '../../services/index.ts'
import type { Activation } from '../activate.ts'
import { problemsOf } from '../failure.ts'
import { liveId } from '../generation.ts'
import type { ConfigurationSession } from '../session/configuration-session.ts'
import { importIntoNodes } from './import-nodes.ts'
import { checkCandidate, importCandidate, rollbackPolicy } from './import-policy.ts'

/** A policy that is not here by then, or of which nothing comes for so long, is given up, milliseconds. */
const UPLOAD_MS = 120_000
const UPLOAD_IDLE_MS = 30_000

/**
 * Root's answer to one request of the daemon, over the connection it came by. Nothing in the request is taken on trust:
 * the policy is bounded, parsed and verified here against what was committed, and goes where the commit said.
 */
export async function answerActivation(
  layout: Layout,
  connection: Socket,
  session: () => Promise<ConfigurationSession>,
): Promise<void> {
  connection.on('error', () => {})
  const reply = await carryOut(layout, connection, session)
  await new Promise<void>((resolve) => connection.end(`${JSON.stringify(reply)}\n`, resolve))
}

async function carryOut(
  layout: Layout,
  connection: Socket,
  session: () => Promise<ConfigurationSession>,
): Promise<ActivationReply> {
  const giveUp = () => connection.destroy()
  const late = setTimeout(giveUp, UPLOAD_MS)
  connection.setTimeout(UPLOAD_IDLE_MS, giveUp)
  try {
    const { request, policy } = await readActivationRequest(connection, MAX_POLICY_BYTES)
    clearTimeout(late)
    connection.setTimeout(0)
    const isIntoConfig = request.operation === 'import' && request.into === 'config'
    const result = isIntoConfig
      ? await performIntoConfig(layout, request, policy, await session())
      : await perform(layout, request, policy)
    return { ok: true, result }
  } catch (error) {
    return { ok: false, problems: problemsOf(error) }
  } finally {
    clearTimeout(late)
  }
}

async function perform(layout: Layout, request: ActivationRequest, policy: Buffer): Promise<ActivationResult> {
  if (request.operation === 'check') {
    const { changed, generation, difference, warnings } = await checkCandidate(layout, policy, request.expected)
    const messages = [...warnings.map((warning) => `Warning: ${formatProblem(warning)}`), difference.text.trimEnd()]
    return { changed, generation, summary: difference.summary, messages }
  }
  const messages: string[] = []
  const options = {
    tell: (text: string) => void messages.push(text),
    // Whoever comes second is told so at once.
    lockWaitMs: 0,
    user: `api:${request.user}`,
    ...(request.expected === undefined ? {} : { expected: request.expected }),
  }
  const activation =
    request.operation === 'import'
      ? await importCandidate(layout, policy, options)
      : await rollbackPolicy(layout, request.version, options)
  return resultOf(activation, messages)
}

/** A commit of the configuration, which takes the lock itself: the daemon asks for one of these at a time. */
async function performIntoConfig(
  layout: Layout,
  { user, expected }: Extract<ActivationRequest, { operation: 'import' }>,
  policy: Buffer,
  session: ConfigurationSession,
): Promise<ActivationResult> {
  const began = performance.now()
  const before = liveId(layout)
  const messages: string[] = []
  await importIntoNodes(layout, policy, session, {
    file: `api:${user}`,
    save: true,
    tell: (text) => void messages.push(text),
    ...(expected === undefined ? {} : { expected }),
  })
  const generation = liveId(layout) ?? fail('apply.proof', 'The configuration was committed, but no policy is live.')
  return {
    changed: generation !== before,
    generation,
    summary: generation === before ? 'no difference' : 'committed',
    messages,
    milliseconds: Math.round(performance.now() - began),
  }
}

const resultOf = (
  { changed, generation, difference, milliseconds }: Activation,
  messages: readonly string[],
): ActivationResult => ({
  changed,
  generation,
  summary: difference.summary,
  messages: messages.filter((message) => message !== ''),
  milliseconds,
})
