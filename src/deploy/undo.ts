import { messageOf } from '../kernel/errors.ts'

interface Undoing {
  readonly what: string
  readonly run: () => Promise<unknown>
}

/** What has to be taken back should the deploy fail: the last change first. */
export class Undo {
  readonly #done: Undoing[] = []

  /** To be called before the change: a change that fails half-way has to be taken back too. */
  add(what: string, run: () => Promise<unknown>): void {
    this.#done.push({ what, run })
  }

  /** Takes all of it back. One failure does not keep the rest from it. Returns what could not be taken back, and why. */
  async run(say: (what: string) => void): Promise<string[]> {
    const failures: string[] = []
    for (let step = this.#done.pop(); step !== undefined; step = this.#done.pop()) {
      say(step.what)
      try {
        await step.run()
      } catch (error) {
        failures.push(`${step.what}: ${messageOf(error)}`)
      }
    }
    return failures
  }
}
