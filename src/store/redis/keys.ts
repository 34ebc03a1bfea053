/** Names of all keys. The ones without `capstan:` are Sidekiq's; every one begins with the prefix. */
export class Keys {
  readonly prefix: string
  readonly queues: string
  readonly paused: string
  readonly schedule: string
  readonly retry: string
  readonly dead: string
  readonly processes: string
  readonly processed: string
  readonly failed: string
  /** Hash: identity → what the worker said with its last beat. Being in it is being registered. */
  readonly workers: string
  /** `queue:` before a queue's name: the list of its jobs, newest first. */
  readonly queuePrefix: string
  /** Before the SHA-1 of a dead payload: why it could not be read. */
  readonly reasonPrefix: string

  constructor(prefix: string) {
    this.prefix = prefix
    this.queues = `${prefix}queues`
    this.paused = `${prefix}paused`
    this.schedule = `${prefix}schedule`
    this.retry = `${prefix}retry`
    this.dead = `${prefix}dead`
    this.processes = `${prefix}processes`
    this.processed = `${prefix}stat:processed`
    this.failed = `${prefix}stat:failed`
    this.workers = `${prefix}capstan:workers`
    this.queuePrefix = `${prefix}queue:`
    this.reasonPrefix = `${prefix}capstan:reason:`
  }

  queue(name: string): string {
    return this.queuePrefix + name
  }

  /** String: a push with this token took effect, at the caller's moment that it holds. */
  push(token: string): string {
    return `${this.prefix}capstan:push:${token}`
  }

  /** Hash: token → payload of what the worker holds, and claim → marks of what it holds in lists. */
  inFlight(identity: string): string {
    return `${this.prefix}capstan:inflight:${identity}`
  }

  /**
   * List: payloads of what the worker claimed together, the first of them last. Where the claim was made in advance and
   * the worker is gone, an expiring string, to which the server can move no job.
   */
  claim(identity: string, claim: string): string {
    return `${this.inFlight(identity)}:${claim}`
  }

  /** Hash: the process as Sidekiq shows it. */
  processHash(identity: string): string {
    return this.prefix + identity
  }

  /** Hash: what the process runs, since Sidekiq 6.4.2. */
  work(identity: string): string {
    return `${this.prefix}${identity}:work`
  }

  /** The same, up to Sidekiq 6.4.1. */
  oldWork(identity: string): string {
    return `${this.prefix}${identity}:workers`
  }

  signals(identity: string): string {
    return `${this.prefix}${identity}-signals`
  }
}
