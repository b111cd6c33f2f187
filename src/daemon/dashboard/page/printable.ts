/**
 * Text of others as it can be read: what is invisible, turns the direction of writing or belongs to no script stands
 * there by its number (`\u{202e}`), so that nothing looks like what it is not. Line ends and tabs stay.
 */
export const printable = (text: string): string =>
  text.replace(/[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16).padStart(4, '0')
    return `\\u{${code}}`
  })
