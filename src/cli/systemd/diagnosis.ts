import type { ServiceManager } from '../../systemd/directive.ts'
import type { Session } from '../session.ts'
import type { Ended } from './run-program.ts'

/** What the doctor says about one thing. */
export interface Diagnosis {
  readonly subject: string
  readonly state: 'ok' | 'note' | 'warning' | 'error'
  readonly what: string
  /** Absent when there is nothing to mend. */
  readonly fix?: string
}

/** The machine under examination. */
export interface Patient {
  readonly session: Session
  readonly user: { readonly name: string; readonly uid: number }
  /** Of the services that are looked after. */
  readonly manager: ServiceManager
  readonly environment: NodeJS.ProcessEnv
  run(argv: readonly string[]): Promise<Ended>
  /** null: there is no such file, or it cannot be read. */
  read(path: string): string | null
  exists(path: string): boolean
  /** Absolute paths of the files in a folder; none when it is not there. */
  list(folder: string): string[]
}

export type Examination = (patient: Patient) => Promise<Diagnosis[]>
