import { diffUnits } from '../systemd/diff-units.ts'
import { parseUnit } from '../systemd/parse-unit.ts'
import type { HostFile } from './on-host/read-files.ts'
import type { SystemFile } from './setup.ts'

/** In what an installed file differs from the one that setup would write. */
export interface FileDrift {
  readonly path: string
  /** `unreadable`: only root may tell. */
  readonly state: 'same' | 'differs' | 'absent' | 'unreadable'
  /** A line each, for a person. */
  readonly differences: readonly string[]
}

/** Compares what setup would write with what is installed. */
export function fileDrift(wanted: SystemFile, found: HostFile): FileDrift {
  const { path } = wanted
  if (found.text === 'unreadable') return { path, state: 'unreadable', differences: [] }
  if (found.text === null) return { path, state: 'absent', differences: [] }
  const differences = [
    ...(path.endsWith('.service') ? unitLines(wanted.text, found.text) : textLines(wanted.text, found.text)),
    ...ownerLines(wanted, found),
    ...found.dropIns.map((file) => `${file} changes it besides`),
  ]
  return { path, state: differences.length === 0 ? 'same' : 'differs', differences }
}

function unitLines(wanted: string, found: string): string[] {
  return diffUnits(parseUnit(wanted).unit, parseUnit(found).unit).map((difference) => {
    const shown = (values: readonly string[]) =>
      values.length === 0 ? 'not set' : values.map((value) => `${difference.name}=${value}`).join(', ')
    return `[${difference.section}] ${shown(difference.found)}; setup writes ${shown(difference.wanted)}`
  })
}

function textLines(wanted: string, found: string): string[] {
  const [wants, has] = [wanted.split('\n'), found.split('\n')]
  return [
    ...has.filter((line) => !wants.includes(line)).map((line) => `too much: ${line}`),
    ...wants.filter((line) => !has.includes(line)).map((line) => `missing: ${line}`),
  ]
}

function ownerLines({ path, mode }: SystemFile, found: HostFile): string[] {
  const wanted = `root:root ${mode.replace(/^0/, '')}`
  return path.startsWith('/') && found.mode !== wanted ? [`is ${found.mode}; setup makes it ${wanted}`] : []
}
