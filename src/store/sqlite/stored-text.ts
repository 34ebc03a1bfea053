/** A payload as a column holds it. */
export type StoredText = string | Uint8Array

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * A payload ready for a column. Text with NUL characters is stored as its UTF-8 bytes: older Node versions read a
 * text column up to its first NUL only.
 */
export function toStored(text: string): StoredText {
  return text.includes('\0') ? Buffer.from(text) : text
}

/** The payload that `toStored` was given. */
export function fromStored(stored: StoredText): string {
  return typeof stored === 'string' ? stored : decoder.decode(stored)
}
