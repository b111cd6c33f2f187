/**
 * Looks every 20 ms until there is something to see: neither undefined nor false.
 * @returns what was seen
 * @throws Error that names what did not come in time
 */
export async function until<Seen>(
  what: string,
  deadlineMs: number,
  look: () => Seen | Promise<Seen>,
): Promise<Exclude<Seen, undefined | false>> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen as Exclude<Seen, undefined | false>
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
