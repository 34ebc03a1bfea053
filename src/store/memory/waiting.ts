/** Who waits for which queues. */
export class Waiting {
  readonly #waits = new Map<() => void, readonly string[]>()

  /** Calls `end` at every job that comes to one of the queues, until `remove(end)`. */
  add(queues: readonly string[], end: () => void): void {
    this.#waits.set(end, queues)
  }

  remove(end: () => void): void {
    this.#waits.delete(end)
  }

  /** Tells all who wait for this queue; whoever asks first gets the job. */
  wake(queue: string): void {
    for (const [end, queues] of [...this.#waits]) if (queues.includes(queue)) end()
  }
}
