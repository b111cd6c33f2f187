import { InvalidArgumentError } from 'commander'

/** Parser for an option that is a whole number within bounds. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^[0-9]{1,9}$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Not a whole number from ${least} to ${most}.`)
    return value
  }

export const port = wholeNumber(1, 65535)
