import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Fault, needsFile } from '../fault.ts'
import { STEADY_LOAD } from './steady-load.ts'

const DISK_MIB = 64
const FILLINGS = { full: 5, quick: 2 }

/** The disk of the file has no free byte, again and again. */
export const fullDisk: Fault = {
  name: 'full-disk',
  title: (isQuick) => `disk full ×${isQuick ? FILLINGS.quick : FILLINGS.full}, for 1 to 3 s each`,
  inapplicable: (system) =>
    needsFile(system) ?? (process.getuid!() === 0 ? null : 'mounting a small disk takes root'),
  prepare(directory) {
    const disk = join(directory, 'store')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'capstan-faults', disk])
    return () => execFileSync('umount', ['--lazy', disk])
  },
  async run(scene) {
    const filler = join(dirname(scene.site.file!), 'filler')
    const client = scene.startClient(STEADY_LOAD)
    scene.keepWorker()
    for (let fillings = 0; fillings < scene.times(FILLINGS.full, FILLINGS.quick); fillings++) {
      await scene.nextBegin()
      await scene.pause(200, 1_000)
      fill(filler)
      await scene.pause(1_000, 3_000)
      rmSync(filler)
      scene.returns.push(Date.now())
    }
    await client.end('SIGTERM')
    return {}
  },
}

function fill(path: string): void {
  const file = openSync(path, 'a')
  const block = Buffer.alloc(4_096)
  const { bavail } = statfsSync(dirname(path))
  try {
    for (let blocks = 0; blocks < bavail; blocks++) writeSync(file, block)
  } catch {
    // Others were faster to take the last bytes: full is what it was to become.
  } finally {
    closeSync(file)
  }
}
