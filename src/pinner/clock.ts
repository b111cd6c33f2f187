/**
 * Milliseconds of CLOCK_MONOTONIC: the same for every process since boot, as the timeouts of kernel sets are, so that
 * times in the journal stay true over a restart and over a step of the wall clock.
 */
export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000_000n)
