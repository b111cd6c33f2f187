/**
 * Microseconds of processor time that the work takes, whatever else the machine does. The least of several times, since
 * garbage of other tests is collected in some of them, and code is compiled in the first.
 */
export function cpuTimeOf(work: () => void, times = 5): number {
  const once = (): number => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  return Math.min(...Array.from({ length: times }, once))
}
