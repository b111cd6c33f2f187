const HOUR = 3_600_000
const DAY = 24 * HOUR

/** A label stands at every so many steps. */
const STEPS_A_LABEL = [1, 2, 3, 4, 6, 8, 12, 24, 28, 56]

/**
 * Beginnings of steps that get a label: evenly, at most `most` of them, and at full hours or days of the place where
 * they are read, where steps allow that.
 * @param starts beginnings of steps without holes, milliseconds since the epoch
 * @param offsetOf how far local time is ahead of UTC at a time, milliseconds
 */
export function labelledStarts(
  starts: readonly number[],
  stepMs: number,
  most: number,
  offsetOf: (time: number) => number,
): number[] {
  const stepOfDay = (start: number) => Math.floor((start + offsetOf(start)) / stepMs)
  // Steps of hours have one label a day at most.
  const least = stepMs > HOUR ? DAY / stepMs : 1
  const fits = (every: number) => every >= least && every % least === 0 && starts.length / every <= most
  const every = STEPS_A_LABEL.find(fits) ?? starts.length
  return starts.filter((start) => stepOfDay(start) % every === 0)
}
