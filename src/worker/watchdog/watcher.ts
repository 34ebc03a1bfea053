import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { type MonoMs, systemClock } from '../../kernel/clock.ts'
import { captureStack } from './capture-stack.ts'
import { type Blockage, blockageLine, STOPPED, TURNS, type WatcherOrders } from './watch-loop.ts'

// The body of the watcher thread; see watch-loop.ts. Unless something is wrong it waits on shared memory, where
// a wait costs nothing and has a limit of its own.

/** Between an answer and the next question, in parts of the limit: how late a blockage may be noticed. */
const ASKS_PER_LIMIT = 4

/** A wait that took so many times its length was no wait for the main thread: the whole process stood still. */
const OVERSLEPT = 1.5

/** A main thread in a call of the system shows its stack only when it is back; the line does not wait for that. */
const CAPTURE_MS = 500

/** While a stack is awaited. */
const LOOK_MS = 20

const { shared, blockedMs, fileDescriptor, form } = workerData as WatcherOrders
const port = parentPort!

interface Question {
  readonly asked: MonoMs
  /** What the main thread had answered by then. */
  readonly turns: number
}

/** Asks the main thread whether it turns; returns the question when the limit passed without an answer. */
function askInVain(): Question | null {
  const question = { asked: systemClock.mono(), turns: Atomics.load(shared, TURNS) }
  port.postMessage(null)
  for (;;) {
    const begun = systemClock.mono()
    if (Atomics.wait(shared, TURNS, question.turns, blockedMs) !== 'timed-out') return null
    if (systemClock.mono() - begun < blockedMs * OVERSLEPT) return question
  }
}

async function report({ asked, turns }: Question): Promise<void> {
  const capture = captureStack()
  const hasTurned = () => Atomics.load(shared, TURNS) !== turns
  const isSeen = () => capture.stack() !== null || hasTurned()
  const blockage = (): Blockage => ({
    blockedMs: Math.round(systemClock.mono() - asked),
    stack: capture.stack() ?? [],
  })
  await until(isSeen, CAPTURE_MS)
  if (!hasTurned()) say(blockageLine(blockage(), { form, now: systemClock.now() }))
  await until(isSeen, Number.POSITIVE_INFINITY)
  capture.end()
  Atomics.wait(shared, TURNS, turns)
  port.postMessage(blockage())
}

async function until(isSo: () => boolean, limitMs: number): Promise<void> {
  const begun = systemClock.mono()
  while (!isSo() && systemClock.mono() - begun < limitMs) await systemClock.sleep(LOOK_MS)
}

function say(line: string): void {
  if (fileDescriptor === null) return
  try {
    writeSync(fileDescriptor, `${line}\n`)
  } catch {
    // Nobody may be reading any more; the second report goes through the logger.
  }
}

while (Atomics.wait(shared, STOPPED, 0, blockedMs / ASKS_PER_LIMIT) === 'timed-out') {
  const question = askInVain()
  if (question !== null) await report(question)
}
