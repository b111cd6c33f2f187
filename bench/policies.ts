/** Made-up names of the usual shape; the i-th is always the same. */
export const nameAt = (i: number): string => `api${(i * 7_919) % 1_000_003}.svc${i % 5_000}.example${i % 300}.com`

/** A name of the lab's internet with an address of each family that no other name has; 4,096 of them. */
export const poolName = (i: number): string => `h${i}.pool.net`

/** Text of a policy of `count` names, `changed` of them, spread evenly, exchanged for others that `salt` makes new. */
export function policyText(count: number, changed = 0, salt = 0, more: readonly string[] = []): string {
  const step = changed === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(count / changed))
  const names = Array.from({ length: count }, (_, i) =>
    i % step === step - 1 ? `changed${salt}-${i}.example.com` : nameAt(i),
  )
  return JSON.stringify({ version: 1, allow: { domains: [...names, ...more], ports: [443] } })
}
