type Values<Works extends readonly unknown[]> = { -readonly [Key in keyof Works]: Awaited<Works[Key]> }

/**
 * Waits until each is over and gives their values, or throws the first failure: nothing that was begun goes on behind
 * the back of whoever handles it.
 */
export async function settleAll<const Works extends readonly unknown[]>(works: Works): Promise<Values<Works>> {
  const results = await Promise.allSettled(works)
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  }) as Values<Works>
}
