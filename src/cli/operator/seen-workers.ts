import type { Admin, WorkerView } from '../../admin/index.ts'
import type { Store } from '../../store/store.ts'
import { thisHost } from '../session.ts'

/** Of a worker whose process is gone from this host, which only a command on this host can see. */
export const DEAD = 'dead' as const

export type SeenWorker = Omit<WorkerView, 'state'> & { readonly state: WorkerView['state'] | typeof DEAD }

/** All registered workers, by identity, with the eyes of this host. */
export async function seenWorkers(admin: Admin, store: Store): Promise<SeenWorker[]> {
  const [views, dead] = await Promise.all([admin.workers(), deadHere(store)])
  return views.map((view) => (dead.has(view.identity) ? { ...view, state: DEAD } : view))
}

async function deadHere(store: Store): Promise<Set<string>> {
  const host = thisHost()
  const gone = (await store.workers()).filter(({ info }) => host.stateOf(info) === 'gone')
  return new Set(gone.map(({ info }) => info.identity))
}
