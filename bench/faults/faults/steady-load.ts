import type { LoadSettings } from '../system.ts'

/**
 * Ten calls in flight, each resting as long as a job takes: about as much as a worker's ten slots get done, so
 * that every interruption leaves a backlog and the worker is never without work.
 */
export const STEADY_LOAD: LoadSettings = { jobMs: 25, restMs: 25 }
