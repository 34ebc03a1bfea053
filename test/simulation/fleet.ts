import { isMalformed } from '../../src/job/payload.ts'
import type { Registry } from '../../src/job/registry.ts'
import { registry } from '../../src/job/registry.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import type { Logger } from '../../src/kernel/logger.ts'
import type { Runtime } from '../../src/kernel/runtime.ts'
import { memoryStore } from '../../src/store/memory/index.ts'
import type { MemoryState } from '../../src/store/memory/memory-state.ts'
import type { Store } from '../../src/store/store.ts'
import type { CapsuleInfo } from '../../src/store/worker-record.ts'
import type { SimClock } from '../../src/testing/sim-clock.ts'
import { Executor } from '../../src/worker/executor.ts'
import {
  type Isolation,
  JobAborted,
  type JobResult,
  type RunningJob,
  Worker,
  type WorkerEvents,
} from '../../src/worker/index.ts'
import type { Chance } from './chance.ts'
import { definitionsFor, type JobWorld } from './job-kinds.ts'
import type { Ledger } from './ledger.ts'
import { link, type Weather } from './link.ts'
import type { Machine } from './machine.ts'
import type { Mutant } from './mutants.ts'
import { SimProcess } from './sim-process.ts'

export const QUEUES = ['default', 'mail', 'media']

/** Short, so that jobs are handed back within the span of a simulation. */
const DRAIN_MS = 4_000

/** A supervisor's pause before it starts a worker again. */
const RESTART_MS = 1_000

/** How long a process that could not start lives on: long enough to show what it left running. */
const LINGER_MS = 12_000

/** To start a process for a single job. */
const CELL_MS = 60

/** Executions that the counters do not count. */
const NOT_RUN: ReadonlySet<JobResult['kind']> = new Set<JobResult['kind']>(['interrupted', 'unrunnable'])

export interface World {
  readonly clock: SimClock
  readonly state: MemoryState
  readonly weather: Weather
  readonly chance: Chance
  readonly ledger: Ledger
  readonly mutant: Mutant
}

export interface Member {
  readonly process: SimProcess
  readonly machine: Machine
  readonly worker: Worker
  readonly pid: number
  executed: number
  cutOff: boolean
  phase: 'starting' | 'working' | 'leaving' | 'left' | 'dead'
  /** Runs whose jobs were recovered under it. */
  readonly lost: Set<RunningJob>
}

/** The worker processes of a simulation, those that have ended too. */
export class Fleet {
  readonly members: Member[] = []
  /** Of workers that a job of theirs ended. */
  readonly restarts: Promise<void>[] = []
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  working(): Member[] {
    return this.members.filter(({ phase }) => phase === 'working')
  }

  /** Starts a worker as a supervisor does: again, as a new process, until the store takes its first beat. */
  async start(machine: Machine, capsules: readonly CapsuleInfo[]): Promise<void> {
    for (;;) {
      const member = this.#spawn(machine, capsules)
      const { identity } = member.worker.info
      try {
        await Promise.race([member.worker.start(), member.process.ended])
        if (member.phase !== 'starting') return
        member.phase = 'working'
        return this.#world.ledger.note(identity, 'started')
      } catch {
        this.#world.ledger.meet('start refused')
        this.#world.ledger.note(identity, 'could not start')
        if (member.phase !== 'starting') return
        member.phase = 'dead'
        void this.#buryLater(member)
        await this.#world.clock.sleep(RESTART_MS)
      }
    }
  }

  /** Ends a process without a word. */
  kill(member: Member): void {
    member.process.kill()
    member.machine.ended(member.pid)
    member.phase = 'dead'
    this.#world.ledger.note(member.worker.info.identity, 'is killed')
  }

  async stop(member: Member): Promise<void> {
    if (member.phase === 'working') member.phase = 'leaving'
    this.#world.ledger.note(member.worker.info.identity, 'is told to stop')
    await Promise.race([member.worker.stop(), member.process.ended])
    this.#end(member)
  }

  /** A process that ends for itself. The network may swallow its last words. */
  #endWith(member: Member, lastStep: () => void): void {
    const { weather, chance } = this.#world
    if (member.phase !== 'leaving') return
    const isLost = weather.outage || member.cutOff || weather.mute !== null || chance.happens(weather.lost)
    if (!isLost) lastStep()
    this.#end(member)
  }

  #end(member: Member): void {
    if (member.phase !== 'leaving') return
    member.phase = 'left'
    member.process.kill()
    member.machine.ended(member.pid)
  }

  /** Somebody took this worker's jobs: those that it runs are no longer its own. */
  recovered(identity: string): void {
    const member = this.members.find(({ worker }) => worker.info.identity === identity)
    if (member === undefined || member.phase === 'dead') return
    this.#world.ledger.meet('recovered while alive')
    for (const job of member.worker.running()) member.lost.add(job)
  }

  #restart({ machine, worker }: Member): void {
    const restarted = this.#world.clock
      .sleep(RESTART_MS)
      .then(() => this.start(machine, worker.info.capsules))
    this.restarts.push(restarted)
  }

  async #buryLater(member: Member): Promise<void> {
    const { identity } = member.worker.info
    const beatAt = () => this.#world.state.workers.get(identity)?.record.beatAt
    await this.#world.clock.sleep(RESTART_MS)
    const before = beatAt()
    await this.#world.clock.sleep(LINGER_MS)
    const after = beatAt()
    if (after !== undefined && after !== before && !member.process.isDead) {
      this.#world.ledger.break(`${identity} beats although its start was refused`)
    }
    this.kill(member)
  }

  #spawn(machine: Machine, capsules: readonly CapsuleInfo[]): Member {
    const { ledger } = this.#world
    const host = machine.newProcess()
    const process = new SimProcess({
      name: `${machine.hostname}:${host.pid}`,
      clock: machine.clock,
      leaks: (listeners) => ledger.break(`${listeners} listeners are left on one signal`),
    })
    const runtime: Runtime = {
      clock: process.clock,
      random: this.#world.chance.fork().random,
      logger: this.#logger(process.name),
    }
    let member: Member
    const kill = () => {
      this.kill(member)
      this.#restart(member)
    }
    const cutOff = () => member.cutOff
    const worker = new Worker(runtime, this.#connect(process, cutOff), {
      capsules,
      host,
      registry: this.#registry(process, kill),
      isolation: this.#isolation(runtime),
      events: this.#events(process, () => member),
      drainMs: DRAIN_MS,
      endProcess: (lastStep) => this.#endWith(member, lastStep),
      version: '0.0.0',
    })
    member = {
      process,
      machine,
      worker,
      pid: host.pid,
      executed: 0,
      cutOff: false,
      phase: 'starting',
      lost: new Set(),
    }
    this.members.push(member)
    return member
  }

  #connect(process: SimProcess, isCutOff: () => boolean): Store {
    const { clock, weather, chance, mutant } = this.#world
    const watched = connection(this.#world, process.name)
    return mutant.worker(link(watched, { process, clock, weather, chance: chance.fork(), isCutOff }))
  }

  #registry(process: SimProcess, kill: () => void): Registry {
    return registry(definitionsFor(jobWorld(this.#world, process.clock, kill)).values())
  }

  /** A process of its own for one job: it may die, and the worker lives on. */
  #isolation(runtime: Runtime): Isolation {
    const runInProcess = async (job: RunningJob): Promise<JobResult> => {
      await runtime.clock.sleep(CELL_MS)
      const died = Promise.withResolvers<JobResult>()
      const jobs = definitionsFor(
        jobWorld(this.#world, runtime.clock, () =>
          died.resolve({ kind: 'crashed', cause: 'killed by SIGKILL' }),
        ),
      )
      const cell = new Executor(runtime, { registry: registry(jobs.values()) })
      return Promise.race([died.promise, cell.execute(job)])
    }
    return { runInProcess, runInThread: runInProcess, close: async () => undefined }
  }

  #events(process: SimProcess, member: () => Member): WorkerEvents {
    const { ledger } = this.#world
    const begun = new Set<string>()
    return {
      jobStarted: ({ claim, payload }) => {
        if (begun.has(claim.token)) ledger.break(`${process.name} began claim ${claim.token} twice`)
        begun.add(claim.token)
        if (isMalformed(payload)) return
        ledger.jobs.get(String(payload.args[0]))!.starts += 1
      },
      jobEnded: (job, result) => {
        if (!NOT_RUN.has(result.kind)) member().executed += 1
        if (result.kind === 'failed' && job.aborted?.code === 'job.timed_out') ledger.meet('timed out')
        if (result.kind === 'interrupted') ledger.meet('interrupted')
        member().lost.delete(job)
      },
      jobLost: (job) => {
        ledger.meet('lease lost')
        if (!(job.aborted instanceof JobAborted))
          ledger.break(`${process.name} lost a job and did not tell it`)
      },
    }
  }

  #logger(name: string): Logger {
    const { ledger } = this.#world
    const logger: Logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (message) => {
        if (message.startsWith('could not say goodbye')) ledger.meet('goodbye failed')
        ledger.note(name, `logs ${message}`)
      },
      child: () => logger,
    }
    return logger
  }
}

/** A watched connection to the state, without faults but those of the mutant. */
export function connection({ state, clock, ledger, mutant }: World, who: string): Store {
  return ledger.watch(mutant.store(memoryStore({ state, clock }), state), who)
}

export function jobWorld({ ledger }: World, clock: Clock, kill: () => void): JobWorld {
  return {
    clock,
    snoozes: (name) => ledger.jobs.get(name)!.snoozes,
    die: (name) => {
      ledger.jobs.get(name)!.deaths += 1
      ledger.meet('died of poison')
      kill()
      return new Promise<never>(() => undefined)
    },
  }
}
