import { createHash } from 'node:crypto'
import type { Command } from './command.ts'

/** A Lua script as the server is to run it, in two forms. */
export interface Script {
  readonly name: string
  /** For Redis ≥ 7: says by a flag whether it may run while the server is full. */
  readonly flagged: ScriptText
  /**
   * For Redis 6.2, which has no flags. There, and only there, a full server lets a script go on once it has
   * written anything; so a script that must work then begins with a write that needs no memory.
   */
  readonly plain: ScriptText
}

export interface ScriptText {
  readonly lua: string
  readonly sha: string
}

export interface ScriptSource {
  readonly name: string
  /** True for a script that frees memory or must not be refused: it runs on a full server. */
  readonly worksWhenFull: boolean
  readonly lua: string
}

/** A script, made of its source, in which the local `is_plain` tells the forms apart. */
export function script({ name, worksWhenFull, lua }: ScriptSource): Script {
  const bodyOf = (isPlain: boolean) => `-- capstan: ${name}\nlocal is_plain = ${isPlain}\n${lua.trim()}\n`
  const flags = worksWhenFull ? ' flags=allow-oom' : ''
  return { name, flagged: textOf(`#!lua${flags}\n${bodyOf(false)}`), plain: textOf(bodyOf(true)) }
}

/** The form for a server of this major version. */
export function formFor(major: number, { flagged, plain }: Script): ScriptText {
  return major >= 7 ? flagged : plain
}

/** What a script is called with. */
export interface ScriptCall {
  readonly keys: readonly string[]
  readonly args: Command
}

/** The command that runs a script which the server knows. */
export function evalsha({ sha }: ScriptText, { keys, args }: ScriptCall): Command {
  return ['EVALSHA', sha, keys.length, ...keys, ...args]
}

/** The command that runs a script and makes the server know it. */
export function evalText({ lua }: ScriptText, { keys, args }: ScriptCall): Command {
  return ['EVAL', lua, keys.length, ...keys, ...args]
}

function textOf(lua: string): ScriptText {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}
