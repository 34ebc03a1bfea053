import { hash } from 'node:crypto'
import type { EntryRef } from '../inspection.ts'

/** How an entry is found again: by its exact bytes, near the place where it was seen. */
export interface Trace {
  /** SHA-1 of the bytes. */
  readonly sha: string
  /** In a set: the score as the server gave it. In a queue: how many jobs ran before it. */
  readonly place: string
}

export function refOf({ sha, place }: Trace): EntryRef {
  return `${place}-${sha}` as EntryRef
}

/** null for a text that never was a reference. */
export function traceOf(ref: EntryRef): Trace | null {
  const [, place = '', sha = ''] = /^(.+)-([0-9a-f]{40})$/.exec(ref) ?? []
  return Number.isFinite(Number(place)) && sha !== '' ? { place, sha } : null
}

export function shaOf(bytes: Buffer): string {
  return hash('sha1', bytes)
}
