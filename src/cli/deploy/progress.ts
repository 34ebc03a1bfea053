import type { DeployEvents } from '../../deploy/deploy-events.ts'
import { type Output, paint, printable } from '../output.ts'

/**
 * Shows a deploy as lines: a heading for each phase, and each step of a host when it is done. A terminal shows
 * besides, in its last line, what is being done; a file or a CI log never sees that line. Beside an answer in JSON
 * nothing is shown.
 */
export function showProgress(out: Output): DeployEvents {
  const line = (text: string) => {
    if (!out.json) out.note(text)
  }
  const shown = (host: string, text: string, ms?: number) =>
    line(
      `  ${printable(host)}  ${printable(text)}${ms === undefined || ms < SHOWN_MS ? '' : `  ${seconds(ms)}`}`,
    )
  return {
    phase: (phase) => line(paint(out, 'bold', phase)),
    stepBegun: (host, step) => {
      if (!out.json) out.live(`  ${host}  ${step} …`)
    },
    stepDone: (host, step, ms) => {
      if (!INNER.test(step)) shown(host, step, ms)
    },
    stepFailed: (host, step, how) =>
      line(paint(out, 'red', `  ${printable(host)}  ${printable(step)}: ${how}`)),
    line: (host, text) => line(paint(out, 'dim', `  ${printable(host)} | ${printable(text)}`)),
    note: (host, text) => line(`  ${printable(host)}  ${paint(out, 'yellow', printable(text))}`),
    undoing: (what) => line(paint(out, 'yellow', `  taking back: ${printable(what)}`)),
  }
}

/** Looks and notes of our own that tell nobody how far the deploy is. */
const INNER = /^(look (at|for) |note the |read the log |watch for 0 s)/

/** Steps that took less need no figure. */
const SHOWN_MS = 500

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
