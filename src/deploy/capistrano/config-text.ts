import type { DeployConfig } from '../deploy-config.ts'
import type { Remark } from './remark.ts'

const WIDTH = 100
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** The text of a `capstan.config.ts` that says this, with comments where the remarks tell of hosts that are missing. */
export function configText(deploy: DeployConfig, remarks: readonly Remark[] = []): string {
  const missing = remarks.filter(({ hostsMissing }) => hostsMissing).map(comment)
  const lines = Object.entries(deploy).map(
    ([key, value]) => `${key === 'stages' ? missing.join('') : ''}    ${key}: ${literal(value, '    ')},\n`,
  )
  return `import { defineConfig } from 'capstan'\n\nexport default defineConfig({\n  deploy: {\n${lines.join('')}  },\n})\n`
}

/** On one line, also where the name of a file has several. */
function comment({ at }: Remark): string {
  return `    // hosts are missing here: ${at.replace(/[\n\r\u2028\u2029]/g, ' ')}\n`
}

/** On one line where it fits, else one line for each item. */
function literal(value: unknown, indent: string): string {
  const flat = flatLiteral(value)
  if (typeof value !== 'object' || indent.length + flat.length <= WIDTH) return flat
  const deeper = `${indent}  `
  const lines = items(value, (item) => literal(item, deeper)).map((item) => `${deeper}${item},\n`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${lines.join('')}${indent}${close}`
}

function flatLiteral(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object') return String(value)
  const inner = items(value, flatLiteral).join(', ')
  return Array.isArray(value) ? `[${inner}]` : `{ ${inner} }`
}

function items(value: object | null, write: (item: unknown) => string): string[] {
  if (Array.isArray(value)) return value.map(write)
  return Object.entries(value ?? {}).map(
    ([key, item]) => `${IDENTIFIER.test(key) ? key : quoted(key)}: ${write(item)}`,
  )
}

function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${inner}'`
}
