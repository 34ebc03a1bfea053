/** The system's own manager, or that of one user (`systemctl --user`). */
export type ServiceManager = 'system' | 'user'

/** What is known of one directive. */
export interface DirectiveFacts {
  /** One sentence. */
  readonly meaning: string
  /** Why a worker's unit has it; absent when it has not. */
  readonly why?: string
  /** The systemd that knows it first. Default: older than any that we render for. */
  readonly since?: number
  /** Where an older systemd has it. */
  readonly formerly?: { readonly section: string; readonly name: string }
  /** The managers that obey it. Default both. */
  readonly managers?: readonly ServiceManager[]
  /** Values that came later than the directive: a word or the beginning of one, and since when. */
  readonly values?: Readonly<Record<string, number>>
}

export interface Directive extends DirectiveFacts {
  readonly section: string
  readonly name: string
}
