import { defineJob } from 'capstan'
import { liveThrough } from '../diary-line.ts'

/** No retries: whoever counts an interruption as a failure ends up in the dead set. */
export const fault = defineJob({
  name: 'FaultJob',
  retry: 0,
  async run([id, ms, kind]: [id: string, ms: number, kind: string]) {
    await liveThrough(id, ms, kind)
  },
})
