import type { Samples } from '../samples.ts'
import { readable } from '../statistics.ts'

const WIDTH = 760
const LABEL = 190
const BAR = 16
const GAP = 6
const GROUP_GAP = 30
const TOP = 30
/** Room right of the longest bar for its number. */
const NUMBER = 80
const MEASURES = ['process, C=1', 'process, C=10', 'process, C=100']

interface Bar {
  readonly subject: string
  readonly value: number
}

/** Bars of jobs a second, a group for each concurrency with a scale of its own. Limits of the server are left out. */
export function chart(samples: Samples): string {
  const parts: string[] = []
  let y = TOP
  for (const measure of MEASURES) {
    const bars = barsOf(samples, measure)
    if (bars.length === 0) continue
    parts.push(
      `<text x="8" y="${y}" font-weight="bold">No-op jobs a second, ${measure.slice('process, '.length)}</text>`,
    )
    y += GAP * 2
    const most = Math.max(...bars.map(({ value }) => value))
    for (const bar of bars) {
      parts.push(drawn(bar, most, y))
      y += BAR + GAP
    }
    y += GROUP_GAP
  }
  const style = 'font-family="sans-serif" font-size="12" fill="#333"'
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" ${style}>`
  return `${[open, `<rect width="${WIDTH}" height="${y}" fill="#fff"/>`, ...parts, '</svg>'].join('\n')}\n`
}

function barsOf(samples: Samples, measure: string): Bar[] {
  return samples
    .subjects([measure])
    .filter((subject) => !subject.startsWith('limit'))
    .map((subject) => ({ subject, value: samples.median(measure, subject) ?? 0 }))
}

function drawn({ subject, value }: Bar, most: number, y: number): string {
  const width = Math.max(1, Math.round((value / most) * (WIDTH - LABEL - NUMBER)))
  const colour = subject.startsWith('Capstan') ? '#1f6f8b' : '#b8b8b8'
  const middle = y + BAR - 4
  return [
    `<text x="${LABEL - 8}" y="${middle}" text-anchor="end">${subject}</text>`,
    `<rect x="${LABEL}" y="${y}" width="${width}" height="${BAR}" fill="${colour}"/>`,
    `<text x="${LABEL + width + 6}" y="${middle}">${readable(value)}</text>`,
  ].join('')
}
