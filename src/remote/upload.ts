import { pipeline } from 'node:stream/promises'
import type { Channel } from './channel.ts'
import { lastLines, RemoteError } from './errors.ts'
import { Printed } from './printed.ts'
import { escaped, word } from './word.ts'

/** Takes all of stdin into a new file, and says how much that was: a cut line looks like an end. */
const RECEIVE = `
read -r nonce path
path=$(printf %b "$path"); path=\${path%.}
umask 077
printf '%s{' "$nonce"; printf '%s{' "$nonce" >&2
set -C
if cat >"$path"; then
  sync -- "$path" 2>/dev/null || sync
  wc -c <"$path"; code=$?
else code=1; fi
printf '%s}%s\\n' "$nonce" "$code"; printf '%s}%s\\n' "$nonce" "$code" >&2
`

interface Upload {
  readonly content: AsyncIterable<Uint8Array>
  /** A file that does not exist yet. */
  readonly path: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Sends the content down a fresh channel into a new file that only its owner may read.
 * @throws RemoteError, or what the content threw; a part of the file may be there then
 */
export async function upload(channel: Channel, { content, path, signal }: Upload): Promise<void> {
  const counter = new Counter(content)
  const stdout = new Printed()
  const stderr = new Printed()
  const name = `send ${path}`
  const text = (nonce: string) => `${escaped(RECEIVE)}\n${nonce} ${word(path)}\n`
  const answered = channel.ask({ name, text, stdout, stderr })
  const sent = send(channel, counter, signal)
  const [answer, failure] = await Promise.all([answered.catch((error: unknown) => error), sent])
  if (signal?.aborted) throw new RemoteError('remote.cancelled', `${name}: was cancelled`, channel)
  if (failure !== null) throw failure
  if (typeof answer !== 'number') throw answer
  if (answer === 0 && Number(stdout.text) === counter.sizeBytes) return
  const what =
    answer === 0
      ? `${stdout.text.trim()} bytes arrived of ${counter.sizeBytes}`
      : `exit code ${answer}, expected 0`
  throw new RemoteError('remote.exit', `${name}: ${what}${lastLines(stderr.text)}`, {
    host: channel.host,
    exitCode: answer,
  })
}

/** Resolves with what went wrong on our side. That the other end stopped reading is told by its answer. */
async function send(channel: Channel, counter: Counter, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    await pipeline(counter.chunks(), channel.line.stdin, signal === undefined ? {} : { signal })
  } catch {
    if (counter.failure !== null || signal?.aborted) channel.line.kill()
  }
  return counter.failure
}

class Counter {
  readonly #content: AsyncIterable<Uint8Array>
  sizeBytes = 0
  failure: unknown = null

  constructor(content: AsyncIterable<Uint8Array>) {
    this.#content = content
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#content) {
        this.sizeBytes += chunk.length
        yield chunk
      }
    } catch (error) {
      this.failure = error
      throw error
    }
  }
}
