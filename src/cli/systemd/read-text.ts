import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { messageOf, UsageError } from '../../kernel/errors.ts'

/** The content of a file, or of standard input for `-`. @throws UsageError `file.unreadable` */
export async function readText(path: string): Promise<string> {
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
