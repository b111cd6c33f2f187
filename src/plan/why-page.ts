import type { ReasonCode } from '../base/reasons.ts'
import type { PlanSettings, Question } from './types.ts'

const PORTS: readonly number[] = [80, 443]

/**
 * The reason, where what is asked for is the gateway's own page: by its name, or by a listen address with one of its
 * ports. Undefined where it is something else.
 */
export function whyPageReason(settings: PlanSettings, question: Question): ReasonCode | undefined {
  const { whyPage, listenAddresses } = settings
  if (whyPage === undefined) return undefined
  const { name, address, port, protocol } = question
  const isListening = address !== undefined && listenAddresses.includes(address)
  const isOpen = (port === undefined || PORTS.includes(port)) && (protocol === undefined || protocol === 'tcp')
  if (name?.toLowerCase() === whyPage.name)
    return isOpen && (address === undefined || isListening) ? 'allow.gateway' : 'net.gateway'
  return name === undefined && isListening && port !== undefined && isOpen ? 'allow.gateway' : undefined
}
