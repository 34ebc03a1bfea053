import { dirname } from 'node:path'
import type { Runtime } from '../kernel/runtime.ts'
import { RemoteError } from '../remote/errors.ts'
import { inOrder, type Script } from '../remote/script.ts'
import type { RemoteShell, RunOptions, RunResult } from '../remote/transport.ts'
import type { PhaseName } from './deploy-config.ts'
import type { DeployEvents } from './deploy-events.ts'
import { onEach } from './fleet.ts'
import { CutoverMoments } from './ledger/cutover-moments.ts'
import { isEnough } from './node-version.ts'
import { noteDeploy } from './on-host/notes.ts'
import type { PreflightFacts } from './phases/preflight-facts.ts'
import type { Manifest, ReleaseState } from './release.ts'
import type { Service } from './services/service.ts'
import type { Stage, StageHost } from './stage.ts'
import { Undo } from './undo.ts'

/** A host with its open shell. */
export interface DeployHost extends StageHost {
  readonly shell: RemoteShell
}

export interface DeploymentParams {
  readonly kind: 'deploy' | 'rollback'
  readonly stage: Stage
  readonly hosts: readonly DeployHost[]
  /** What every host was like before. */
  readonly before: ReadonlyMap<string, PreflightFacts>
  readonly release: string
  readonly revision: string
  /** Who, for the logs. */
  readonly by: string
  readonly startedAt: number
  readonly events: DeployEvents
  /** Aborted by the operator: what runs is killed, what was done is taken back. */
  readonly signal: AbortSignal
}

/** One run of a deploy or a rollback: what it works on, what it says, and what it would have to take back. */
export class Deployment {
  readonly runtime: Runtime
  readonly params: DeploymentParams
  readonly undo = new Undo()
  readonly moments = new CutoverMoments()
  /** In the names of temporary files: those of two runs never meet. */
  readonly nonce: string
  /** By host and service. */
  readonly #started = new Map<string, readonly string[]>()
  /** The phase that each host knows of. */
  readonly #noted = new Map<string, PhaseName>()
  #isUnwinding = false
  #phase: PhaseName = 'preflight'

  constructor(runtime: Runtime, params: DeploymentParams) {
    this.runtime = runtime
    this.params = params
    this.nonce = runtime.random.hex(6)
  }

  get stage(): Stage {
    return this.params.stage
  }

  get hosts(): readonly DeployHost[] {
    return this.params.hosts
  }

  get release(): string {
    return this.params.release
  }

  get phase(): PhaseName {
    return this.#phase
  }

  get directory(): string {
    return this.stage.layout.release(this.release)
  }

  /** What the host was like before anything was done. */
  before(host: StageHost): PreflightFacts {
    const known = this.params.before.get(host.name)
    if (known === undefined) throw new Error(`no preflight of ${host.name}`)
    return known
  }

  /** Notes which instances this deployment starts of a service, before it does. */
  started(host: StageHost, service: string, units: readonly string[]): void {
    this.#started.set(`${host.name} ${service}`, units)
  }

  /** The units that run a service by this deployment: those that it started, or the one that stays. */
  unitsOf(host: StageHost, service: Service): readonly string[] {
    if (service.type !== 'worker') return [service.unitFile]
    return this.#started.get(`${host.name} ${service.name}`) ?? []
  }

  enter(phase: PhaseName): void {
    this.params.signal.throwIfAborted()
    this.#phase = phase
    this.params.events.phase(phase)
  }

  say(host: StageHost, text: string): void {
    this.params.events.note(host.name, text)
  }

  /** Runs a script on a host, and says so. The first one of a phase notes the phase there. */
  async run(host: DeployHost, script: Script, options: RunOptions = {}): Promise<RunResult> {
    const { events, signal } = this.params
    events.stepBegun(host.name, script.name)
    try {
      const result = await host.shell.run(this.#noting(host, script), {
        ...(this.#isUnwinding ? {} : { signal }),
        ...options,
      })
      events.stepDone(host.name, script.name, result.durationMs)
      return result
    } catch (error) {
      const isCut = error instanceof RemoteError && error.code === 'remote.cancelled'
      events.stepFailed(host.name, script.name, isCut ? 'interrupted' : 'failed')
      throw error
    }
  }

  /** Several scripts on a host as one question. */
  runInOrder(host: DeployHost, name: string, scripts: readonly Script[]): Promise<RunResult> {
    return this.run(host, inOrder(name, scripts))
  }

  /** The same on every host, all at a time. */
  onHosts<Result>(work: (host: DeployHost) => Promise<Result>): Promise<Map<string, Result>> {
    return onEach(this.hosts, work)
  }

  /** The same on every host, as many at a time as the stage's batch says. */
  inBatches<Result>(work: (host: DeployHost) => Promise<Result>): Promise<Map<string, Result>> {
    return onEach(this.hosts, work, this.stage.batch)
  }

  /**
   * From now on the operator's wish to stop has been heard: it must not cut short what follows from it. Nor must a note,
   * which a full disk has no place for.
   */
  unwind(): void {
    this.#isUnwinding = true
  }

  /** Takes everything back. Returns what could not be. */
  revert(): Promise<string[]> {
    return this.undo.run((what) => this.params.events.undoing(what))
  }

  /** Where the Node of the services lies; '' when the host has none. */
  nodeDirectory(host: StageHost): string {
    if (this.stage.node === 'release') return `${this.directory}/node_modules/node/bin`
    // The one that setup chose for the units, too.
    const node = this.before(host).nodes.find(({ version }) => isEnough(version))
    return node === undefined ? '' : dirname(node.path)
  }

  /** @param revision of the release that is judged; default: of this deployment's own */
  manifest(state: ReleaseState, revision = this.params.revision): string {
    const { by } = this.params
    return JSON.stringify({ state, revision, by, at: this.#iso(this.runtime.clock.now()) } satisfies Manifest)
  }

  auditEntry(result: string): Record<string, unknown> {
    const { kind, revision, by } = this.params
    const now = this.runtime.clock.now()
    return {
      at: this.#iso(now),
      ...{ kind, result, stage: this.stage.name, release: this.release, revision, by },
      seconds: Math.round((now - this.params.startedAt) / 1000),
    }
  }

  /** With what the host notes of the deploy at work, for whoever finds it unfinished. */
  #noting(host: DeployHost, script: Script): Script {
    const phase = this.#phase
    if (this.#isUnwinding || this.#noted.get(host.name) === phase) return script
    this.#noted.set(host.name, phase)
    const { kind, by, startedAt } = this.params
    const since = this.#iso(startedAt)
    const note = { kind, release: this.release, stage: this.stage.name, phase, by, since }
    return inOrder(script.name, [noteDeploy(this.stage.layout, note), script])
  }

  #iso(at: number): string {
    return new Date(at).toISOString()
  }
}
