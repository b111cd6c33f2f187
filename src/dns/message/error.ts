/** A DNS message that is malformed, or a value that no DNS message can hold. The codec throws nothing else. */
export class DnsMessageError extends Error {
  override readonly name = 'DnsMessageError'
}

export function malformed(what: string): never {
  throw new DnsMessageError(what)
}
