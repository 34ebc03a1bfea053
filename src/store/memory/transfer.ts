import {
  type PromoteRequest,
  type PushBatch,
  type Recovered,
  type RecoverRequest,
  TOKEN_MS,
} from '../transfer.ts'
import type { MemoryState } from './memory-state.ts'

export const push =
  (state: MemoryState) =>
  ({ token, now, jobs, answered = [] }: PushBatch): void => {
    for (const old of answered) state.pushTokens.delete(old)
    for (const [old, pushedAt] of state.pushTokens)
      if (now - pushedAt >= TOKEN_MS) state.pushTokens.delete(old)
    if (state.pushTokens.has(token)) return
    state.pushTokens.set(token, now)
    for (const { queue, payload, at } of jobs) {
      if (at === null) state.pushBack(queue, payload)
      else state.addTo('schedule', payload, at)
    }
  }

/** The retry set first, then the schedule, each earliest first. */
export const promote =
  (state: MemoryState) =>
  ({ now, limit, route }: PromoteRequest): number => {
    const due = [...state.sets.retry, ...state.sets.schedule]
      .filter((entry) => entry.at! <= now)
      .slice(0, limit)
    // All routes are asked for before anything moves: one that throws changes nothing.
    const routed = due.map((entry) => ({ entry, route: route(entry.payload) }))
    for (const { entry, route } of routed) {
      const payload = route.payload ?? entry.payload
      if (route.to === 'queue') state.pushBack(route.queue, payload)
      else state.bury(payload, now, route.reason)
    }
    const moved = new Set(due)
    for (const set of ['retry', 'schedule'] as const) {
      state.sets[set] = state.sets[set].filter((entry) => !moved.has(entry))
    }
    return due.length
  }

export const recover =
  (state: MemoryState) =>
  ({ identity, now, beatAt, revise }: RecoverRequest): Recovered[] | null => {
    const worker = state.workers.get(identity)
    // Not "later than": a worker whose clock was set back has beaten, too.
    if (worker === undefined || worker.record.beatAt !== beatAt) return null
    const recovered = [...worker.inFlight.values()].map(({ payload, queue }) => ({
      route: revise(payload, queue),
      payload,
    }))
    // From the last claim to the first, so that the first ends up in front.
    for (const { route, payload } of recovered.toReversed()) {
      if (route.to === 'queue') state.pushFront(route.queue, route.payload ?? payload)
      else state.bury(route.payload ?? payload, now, route.reason)
    }
    state.workers.delete(identity)
    return recovered
  }
