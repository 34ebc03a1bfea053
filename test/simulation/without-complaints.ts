import assert from 'node:assert/strict'

/** Rejects when Node warns (of a leak of listeners, say) or when a promise is rejected and nobody cares. */
export async function withoutComplaints(run: () => Promise<void>): Promise<void> {
  const complaints: string[] = []
  const warned = (warning: Error) => complaints.push(`${warning.name}: ${warning.message}`)
  const unhandled = (reason: unknown) => complaints.push(`unhandled rejection: ${String(reason)}`)
  process.on('warning', warned)
  process.on('unhandledRejection', unhandled)
  try {
    await run()
    // Node tells of both at the end of a turn.
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('warning', warned)
    process.off('unhandledRejection', unhandled)
  }
  assert.deepEqual(complaints, [])
}
