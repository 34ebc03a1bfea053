import type { PhaseName } from './deploy-config.ts'

/** What can be watched of a deploy. Called at once, not awaited; must not throw. */
export interface DeployEvents {
  phase(phase: PhaseName): void
  stepBegun(host: string, step: string): void
  stepDone(host: string, step: string, durationMs: number): void
  stepFailed(host: string, step: string, how: 'failed' | 'interrupted'): void
  /** A line that a build or a hook printed. */
  line(host: string, line: string): void
  /** Something that a person should know: `worker: 3 jobs left`. */
  note(host: string, text: string): void
  undoing(what: string): void
}
