/** Why a payload that is not exact cannot be run. */
export const NOT_TEXT = 'not valid UTF-8'

/** Bytes of the store as text. Not exact when they are no UTF-8: then the text stands for them only to the eye. */
export function readText(bytes: Buffer): { readonly text: string; readonly isExact: boolean } {
  const text = bytes.toString()
  const isExact = !text.includes('\ufffd') || Buffer.from(text).equals(bytes)
  return { text, isExact }
}
