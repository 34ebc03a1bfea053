import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** One line in one write at the end of the file, so that lines of several processes do not mix. */
function write(word: string, id: string): void {
  appendFileSync(process.env.DIARY!, `${word} ${id} ${process.pid} ${Date.now()}\n`)
}

// Nothing of this process's jobs goes on after this: whoever started it hears of its end some time later.
process.on('exit', () => write('gone', '-'))

/** What every job does, whichever system runs it: says when it begins and when it has ended. */
export async function liveThrough(id: string, ms: number, kind: string): Promise<void> {
  write('begin', id)
  if (kind === 'kill') {
    process.kill(process.pid, 'SIGKILL')
    await sleep(60_000)
  } else if (kind === 'block') {
    const endsAt = performance.now() + ms
    while (performance.now() < endsAt);
  } else await sleep(ms)
  write('end', id)
}
