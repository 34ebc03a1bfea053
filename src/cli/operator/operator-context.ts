import type { Runtime } from '../../kernel/runtime.ts'
import type { Store } from '../../store/store.ts'
import type { Output } from '../output.ts'
import type { Session } from '../session.ts'

/** What an operator's command works with. */
export interface OperatorContext {
  readonly session: () => Session
  /** Opened at the first call. Who made the context closes it. */
  store(): Promise<Store>
  readonly runtime: Runtime
  readonly out: Output
}
