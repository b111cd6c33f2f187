import type { Judge } from './judge.ts'
import { resolve } from './zones.ts'

interface Binding {
  readonly name: string
  readonly targets: readonly string[]
  addresses: readonly string[]
}

/**
 * Which addresses must be pinned, by what agents were told and what each policy since then left of it. Nothing runs
 * out: pins outlive the TTL by a slack of minutes.
 */
export class ExpectedPins {
  readonly #bindings = new Map<string, Binding>()

  told(name: string, type: 'A' | 'AAAA', addresses: readonly string[]): void {
    if (addresses.length === 0) return
    const key = `${name} ${type}`
    const known = this.#bindings.get(key)?.addresses ?? []
    const { targets } = resolve(name, type)
    this.#bindings.set(key, { name, targets, addresses: [...new Set([...known, ...addresses])] })
  }

  /** A new policy is in force. */
  settle(judge: Judge): void {
    for (const [key, binding] of this.#bindings) {
      const { name, targets } = binding
      const isOpen = judge.decide({ name }).verdict === 'allow'
      const isDenied = targets.some((target) => judge.decide({ name: target }).reason === 'dns.denied')
      binding.addresses = binding.addresses.filter(
        (address) => isOpen && !isDenied && judge.decide({ name, address }).verdict === 'allow',
      )
      if (binding.addresses.length === 0) this.#bindings.delete(key)
    }
  }

  /** Allowed names that the address was told for. */
  namesOf(address: string): string[] {
    const held = [...this.#bindings.values()].filter((binding) => binding.addresses.includes(address))
    return [...new Set(held.map(({ name }) => name))]
  }

  addresses(): string[] {
    return [...new Set([...this.#bindings.values()].flatMap((binding) => binding.addresses))]
  }
}
