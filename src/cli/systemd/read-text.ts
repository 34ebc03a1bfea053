import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { messageOf, UsageError } from '../../kernel/errors.ts'

/**
 * The content of a file, or of standard input for `-`.
 * @throws UsageError `file.unreadable`, `file.empty`: what is in front of the pipe has failed
 */
export async function readText(path: string): Promise<string> {
  const content = await read(path)
  if (content.trim() !== '') return content
  const name = path === '-' ? 'standard input' : path
  throw new UsageError('file.empty', `${name}: expected a text to check, got nothing`)
}

async function read(path: string): Promise<string> {
  try {
    return path === '-' ? await text(process.stdin) : await readFile(path, 'utf8')
  } catch (cause) {
    throw new UsageError(
      'file.unreadable',
      `${path}: expected a file that can be read: ${messageOf(cause)}`,
      { cause },
    )
  }
}
