import { type Debugger, Session } from 'node:inspector'
import { fileURLToPath } from 'node:url'

/** More frames than these are the framework's, not the culprit's. */
const MAX_FRAMES = 12

export interface StackCapture {
  /**
   * Innermost call first, each as `name (file:line:column)`. null as long as it was not seen, which is while
   * the main thread runs no JavaScript: inside a synchronous call of the system, or native code.
   */
  stack(): readonly string[] | null
  end(): void
}

/** Looks where the main thread is, from a thread beside it. It stops the main thread for some milliseconds. */
export function captureStack(): StackCapture {
  const session = new Session()
  let stack: readonly string[] | null = null
  // A frame names its script by number; the scripts are told when the debugger is enabled.
  const urls = new Map<string, string>()
  session.connectToMainThread()
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url))
  session.once('Debugger.paused', ({ params }) => {
    stack = params.callFrames
      .slice(0, MAX_FRAMES)
      .map((frame) => frameText(frame, urls.get(frame.location.scriptId) ?? ''))
    session.post('Debugger.resume')
  })
  session.post('Debugger.enable')
  session.post('Debugger.pause')
  return {
    stack: () => stack,
    // Takes back a pause that was asked for and did not come.
    end: () => session.disconnect(),
  }
}

function frameText({ functionName, location }: Debugger.CallFrame, url: string): string {
  const file = url.startsWith('file:') ? fileURLToPath(url) : url
  // The protocol counts from 0, editors from 1.
  const place = `${file}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1}`
  return `${functionName || '(anonymous)'} (${place})`
}
