import { createRequire } from 'node:module'

/** What of libsystemd.so.0 is used here. Both calls are those of the thread that makes them: no helper process. */
export interface Libsystemd {
  /** `sd_notify(3)`: assignments, one a line. False when it could not be sent. */
  notify(state: string): boolean
  /** `sd_journal_sendv(3)`: one entry of `NAME=value` fields. False when the journal did not take it. */
  journal(fields: readonly string[]): boolean
}

let loaded: Libsystemd | null | undefined

/** Loaded at the first call, which takes some 8 ms and 10 MB. null without the package koffi, or without the library. */
export function libsystemd(): Libsystemd | null {
  loaded ??= load()
  return loaded
}

function load(): Libsystemd | null {
  try {
    // Not `import()`: the log is wanted before anything could be awaited.
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    const library = koffi.load('libsystemd.so.0')
    const notify = library.func('sd_notify', 'int', ['int', 'str'])
    const vector = koffi.struct({ base: 'void *', length: 'size_t' })
    const sendv = library.func('sd_journal_sendv', 'int', [koffi.pointer(vector), 'int'])
    return {
      notify: (state) => notify(0, state) > 0,
      journal(fields) {
        const parts = fields.map((field) => Buffer.from(field))
        const vectors = parts.map((base) => ({ base, length: base.length }))
        return sendv(vectors, vectors.length) === 0
      },
    }
  } catch {
    return null
  }
}
