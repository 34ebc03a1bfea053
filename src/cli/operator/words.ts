const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** A length of time as a person says it: two units at most, rounded down. */
export function lengthOfTime(ms: number): string {
  if (ms < SECOND_MS) return `${Math.floor(ms)} ms`
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`
  if (ms < HOUR_MS) return two(ms, [MINUTE_MS, 'min'], [SECOND_MS, 's'])
  if (ms < DAY_MS) return two(ms, [HOUR_MS, 'h'], [MINUTE_MS, 'min'])
  return two(ms, [DAY_MS, 'd'], [HOUR_MS, 'h'])
}

/** A moment seen from now: `in 5 min`, `3 h ago`. */
export function fromNow(at: number | null, now: number): string {
  if (at === null) return '?'
  if (at > now) return `in ${lengthOfTime(at - now)}`
  return now - at < SECOND_MS ? 'now' : `${lengthOfTime(now - at)} ago`
}

const ENGLISH = new Intl.NumberFormat('en-US')

export function number(value: number): string {
  return ENGLISH.format(value)
}

/** `1 job`, `2,000 jobs`. */
export function counted(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`
}

const SHELL_SAFE = /^[\w.:/=@%+,-]+$/

/** A word as it may be pasted into a shell: names come from outside, and a hint must not become a trap. */
export function shellWord(word: string): string {
  return SHELL_SAFE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

type Unit = readonly [ms: number, name: string]

function two(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((ms % large) / small)
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
}
