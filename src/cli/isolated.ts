import { isolation } from '../worker/isolation/isolation.ts'
import type { Isolation } from '../worker/isolation.ts'
import type { Session } from './session.ts'

/** Cells for jobs that must not share the worker's thread; each loads the same configuration and jobs. */
export function processIsolation(session: Session): Isolation {
  const entry = new URL('../../bin/capstan.cjs', import.meta.url)
  const argv = ['cell', ...(session.options.config === undefined ? [] : [session.options.config])]
  return isolation(session.runtime, { entry, argv })
}
