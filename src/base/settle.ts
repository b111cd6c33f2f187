/**
 * Waits until each is over, then throws the first failure: nothing that was begun goes on behind the back of whoever
 * handles it.
 */
export async function settleAll(works: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason
}
