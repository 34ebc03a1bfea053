import { EXIT, type Output } from '../output.ts'

/**
 * The operator's wish to stop. The first INT, TERM or HUP aborts the signal: what was done is taken back. The second
 * ends the process at once; the hosts then undo by themselves what must not stay.
 */
export function interruptible(out: Output): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) {
      out.note(
        'stopped at once: hosts may differ; capstan status STAGE shows them, the next deploy puts them right',
      )
      process.exit(EXIT.interrupted)
    }
    out.note('interrupted: taking back what was done; once more stops at once')
    controller.abort(new Error('interrupted by the operator'))
  }
  for (const name of SIGNALS) process.on(name, stop)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of SIGNALS) process.off(name, stop)
    },
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
