import { extname } from 'node:path'
import { isolation } from '../worker/isolation/isolation.ts'
import type { Isolation } from '../worker/isolation.ts'
import type { Session } from './session.ts'

/** Cells for jobs that must not share the worker's thread; each loads the same configuration and jobs. */
export function processIsolation(session: Session): Isolation {
  const entry = new URL(`./cell${extname(import.meta.url)}`, import.meta.url)
  const argv = session.options.config === undefined ? [] : [session.options.config]
  return isolation(session.runtime, { entry, argv })
}
