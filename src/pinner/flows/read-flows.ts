import { visitFlows } from '../../firewall/index.ts'
import { addressKey } from '../book/binding.ts'
import { FlowPacker } from './packed-flows.ts'

/** Which flows to hand over. */
export interface FlowRequest {
  /** Only flows that carry any of these bits of ct mark: the others are not ours. */
  readonly markMask: number
  /** Only flows to these destinations (address keys); absent: to any. */
  readonly destinations?: ReadonlySet<string>
}

/** Reads the kernel's connection table once; blocks for 0.3 s at a hundred thousand flows. Throws ClawgressError. */
export function readFlows({ markMask, destinations }: FlowRequest): Uint8Array {
  const packer = new FlowPacker()
  visitFlows({}, (flow) => {
    if ((flow.mark & markMask) === 0 || flow.ended === true) return
    const isAsked =
      destinations === undefined ||
      destinations.has(addressKey(flow.reply.source)) ||
      destinations.has(addressKey(flow.original.destination))
    if (isAsked) packer.add(flow)
  })
  return packer.finish()
}
