import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { appendFile, mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { defineJob } from 'capstan'

/** One file in this many fails at its first try, so that there is something to retry. */
const FAILS_ONCE = 50

/**
 * Packs one file and writes its SHA-256 into the manifest. It may run more than once for a file: the archive
 * is put in place in one step, and a second line in the manifest says the same as the first.
 */
export const archiveFile = defineJob({
  name: 'ArchiveFile',
  queue: 'archive',
  retry: { limit: 5, delay: () => '500ms' },
  async run(
    [source, target, file]: [source: string, target: string, file: string],
    { attempt, jid, signal },
  ) {
    const hash = createHash('sha256')
    const archive = join(target, 'files', `${file}.gz`)
    const unfinished = join(target, `${jid}.part`)
    await mkdir(dirname(archive), { recursive: true })
    const hashed = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        yield chunk
      }
    }
    await pipeline(
      createReadStream(join(source, file)),
      hashed,
      createGzip({ level: 1 }),
      createWriteStream(unfinished),
      { signal },
    )
    const digest = hash.digest('hex')
    if (attempt === 1 && Number.parseInt(digest.slice(0, 8), 16) % FAILS_ONCE === 0)
      throw new Error(`no luck with ${file}`)
    await rename(unfinished, archive)
    await appendFile(join(target, 'manifest.sha256'), `${digest}  ${file}\n`)
  },
})
